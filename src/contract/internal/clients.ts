import { Type } from 'typebox';
import { Client, NewClient } from '../client/clients.ts';
import { ClientIdsByUser } from '../devices.ts';
import { route } from '../route.ts';
import { MapOf, UserIdSchema } from '../schema.ts';

/** Users' devices on the operations listener (reference client-api 2.9). */

const Users = Type.Object({ users: Type.Array(UserIdSchema, { maxItems: 10_000 }) });

export const listClientIds = route('POST', '/i/clients', {
  about: 'Ids of the clients of users.',
  auth: 'internal',
  body: Users,
  answers: { 200: ClientIdsByUser },
});

export const listFullClients = route('POST', '/i/clients/full', {
  about: 'The clients of users with all that their owners see.',
  auth: 'internal',
  body: Users,
  answers: { 200: MapOf(UserIdSchema, Type.Array(Client)) },
});

const Flag = Type.Optional(Type.String({ pattern: '^(?:[Tt]rue|[Ff]alse)$', description: 'true or false' }));

export const addUserClient = route('POST', '/i/clients/:uid', {
  about: 'Registers a client of a user, on request without its password.',
  auth: 'internal',
  params: { uid: UserIdSchema },
  query: {
    skip_reauth: Flag,
    connection: Type.Optional(Type.String({ maxLength: 256, description: 'the session that is not told' })),
  },
  body: NewClient,
  answers: { 201: Client },
});
