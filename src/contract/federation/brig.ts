import { Type } from 'typebox';
import { ClientIdsByUser, ClientPrekey, ClientsByUser, PrekeyBundle, PrekeysByUser } from '../devices.ts';
import { Contact, SearchPolicy, UserProfile } from '../profiles.ts';
import { rpc } from '../rpc.ts';
import { ClientIdSchema, HandleSchema, Nullable, TeamIdSchema, UserIdSchema } from '../schema.ts';

/** Every RPC of brig (reference federation-api 5.2). */

export const VersionInfo = Type.Object({
  supported_versions: Type.Optional(Type.Array(Type.Integer())),
  /** Legacy; readers ignore it. */
  supported: Type.Array(Type.Integer()),
  /** Ours; wire-server ignores it. */
  crosswire: Type.Optional(Type.Object({ bundles: Type.Optional(Type.Boolean()) })),
});

export const apiVersion = rpc('brig', 'api-version', {
  about: 'Tells which federation API versions this backend speaks.',
  input: Type.Unknown(),
  output: VersionInfo,
});

export const getUserByHandle = rpc('brig', 'get-user-by-handle', {
  about: 'Finds the user with exactly this handle, as far as the search policy for the caller allows.',
  input: HandleSchema,
  output: Nullable(UserProfile),
});

export const getUsersByIds = rpc('brig', 'get-users-by-ids', {
  about: 'Returns the profiles of the users that exist, in any order.',
  input: Type.Array(UserIdSchema),
  output: Type.Array(UserProfile),
});

export const searchUsers = rpc('brig', 'search-users', {
  about: 'Searches users by handle and name, as far as the search policy for the caller allows.',
  input: Type.Object({
    term: Type.String(),
    from: Type.Optional(Nullable(TeamIdSchema)),
    onlyInTeams: Type.Optional(Nullable(Type.Array(TeamIdSchema))),
  }),
  output: Type.Object({ contacts: Type.Array(Contact), searchPolicy: SearchPolicy }),
});

export const claimPrekey = rpc('brig', 'claim-prekey', {
  about: 'Takes one prekey of a client away and hands it out; the last-resort one stays.',
  input: Type.Tuple([UserIdSchema, ClientIdSchema]),
  output: Nullable(ClientPrekey),
});

export const claimPrekeyBundle = rpc('brig', 'claim-prekey-bundle', {
  about: 'Claims one prekey of each client of a user.',
  input: UserIdSchema,
  output: PrekeyBundle,
});

export const claimMultiPrekeyBundle = rpc('brig', 'claim-multi-prekey-bundle', {
  about: 'Claims one prekey of each named client of many users.',
  input: ClientIdsByUser,
  output: PrekeysByUser,
});

export const getUserClients = rpc('brig', 'get-user-clients', {
  about: 'Returns the clients of users; of unknown users none.',
  input: Type.Object({ users: Type.Array(UserIdSchema) }),
  output: ClientsByUser,
});

export const brigRpcs = { apiVersion, getUserByHandle, getUsersByIds, searchUsers };
