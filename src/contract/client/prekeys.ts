import { Type } from 'typebox';
import { ClientIdsByUser, ClientPrekey, PrekeyBundle, PrekeysByUser } from '../devices.ts';
import { QualifiedUserId } from '../profiles.ts';
import { route } from '../route.ts';
import { ClientIdSchema, Domain, MapOf, UserIdSchema } from '../schema.ts';

/** Claims of prekeys: each takes one away for good, except the last-resort one (reference client-api 3.6). */

const user = { domain: Domain, uid: UserIdSchema };
const QualifiedPrekeys = MapOf(Domain, PrekeysByUser);
const QualifiedClientIds = MapOf(Domain, ClientIdsByUser);

export const claimClientPrekey = route('GET', '/users/:domain/:uid/prekeys/:client', {
  about: 'Claims a prekey of a client.',
  auth: 'user',
  params: { ...user, client: ClientIdSchema },
  answers: { 200: ClientPrekey },
});

export const claimOwnDomainClientPrekey = route('GET', '/users/:uid/prekeys/:client', {
  about: 'Claims a prekey of a client of a user of this backend.',
  auth: 'user',
  versions: [0, 2],
  params: { uid: UserIdSchema, client: ClientIdSchema },
  answers: { 200: ClientPrekey },
});

export const claimUserPrekeys = route('GET', '/users/:domain/:uid/prekeys', {
  about: 'Claims a prekey of each client of a user.',
  auth: 'user',
  params: user,
  answers: { 200: PrekeyBundle },
});

export const claimOwnDomainUserPrekeys = route('GET', '/users/:uid/prekeys', {
  about: 'Claims a prekey of each client of a user of this backend.',
  auth: 'user',
  versions: [0, 2],
  params: { uid: UserIdSchema },
  answers: { 200: PrekeyBundle },
});

export const claimPrekeys = route('POST', '/users/list-prekeys', {
  about: 'Claims a prekey of each named client, as far as the backends answer.',
  auth: 'user',
  versions: [4],
  body: QualifiedClientIds,
  answers: {
    200: Type.Object({
      qualified_user_client_prekeys: QualifiedPrekeys,
      failed_to_list: Type.Optional(Type.Array(QualifiedUserId)),
    }),
  },
});

export const claimPrekeysOrFail = route('POST', '/users/list-prekeys', {
  about: 'Claims a prekey of each named client; fails as a whole when one of the backends does.',
  auth: 'user',
  versions: [0, 4],
  body: QualifiedClientIds,
  answers: { 200: QualifiedPrekeys },
});

export const claimOwnDomainPrekeys = route('POST', '/users/prekeys', {
  about: 'Claims a prekey of each named client of users of this backend.',
  auth: 'user',
  versions: [0, 2],
  body: ClientIdsByUser,
  answers: { 200: PrekeysByUser },
});
