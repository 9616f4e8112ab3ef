import { Type } from 'typebox';
import { ClientIdsByUser, ClientPrekey, ClientsByUser, PrekeyBundle, PrekeysByUser } from '../devices.ts';
import { CipherSuiteNumber, defaultCipherSuite, KeyPackageBundle, MlsClient } from '../key-packages.ts';
import { Contact, SearchPolicy, UserProfile } from '../profiles.ts';
import { olderInput, rpc } from '../rpc.ts';
import {
  ClientIdSchema,
  Domain,
  Empty,
  HandleSchema,
  Nullable,
  TeamIdSchema,
  UserIdSchema,
} from '../schema.ts';

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

const MlsClientsQuestion = Type.Object({ user_id: UserIdSchema, cipher_suite: CipherSuiteNumber });
type MlsClientsQuestion = Type.Static<typeof MlsClientsQuestion>;
const MlsClientsQuestionV0 = Type.Object({ user_id: UserIdSchema, signature_scheme: Type.String() });

export const getMlsClients = rpc('brig', 'get-mls-clients', {
  about: 'Returns the clients of a user, and which of them have key packages left.',
  input: MlsClientsQuestion,
  output: Type.Array(MlsClient),
  // Whatever scheme version 0 names, the default suite is meant; there are no others there.
  older: olderInput(1, MlsClientsQuestionV0, {
    read: ({ user_id }): MlsClientsQuestion => ({ user_id, cipher_suite: defaultCipherSuite }),
    write: ({ user_id }) => ({ user_id, signature_scheme: 'ed25519' }),
  }),
});

export const claimKeyPackages = rpc('brig', 'claim-key-packages', {
  about: 'Takes a key package of each client of a user away and hands them out; null when MLS is off.',
  input: Type.Object({
    /** Of the origin domain. */
    claimant: UserIdSchema,
    target: UserIdSchema,
    cipher_suite: CipherSuiteNumber,
  }),
  output: Nullable(KeyPackageBundle),
});

/** What one side of a connection tells the other: it wants the connection, or no longer does. */
export const ConnectionAction = Type.Union([Type.Literal('RemoteConnect'), Type.Literal('RemoteRescind')]);
export type ConnectionAction = Type.Static<typeof ConnectionAction>;

export const sendConnectionAction = rpc('brig', 'send-connection-action', {
  about: 'Tells a user that another one wants a connection, or no longer does.',
  input: Type.Object({
    from: UserIdSchema,
    from_team: Type.Optional(Nullable(TeamIdSchema)),
    to: UserIdSchema,
    action: ConnectionAction,
  }),
  output: Type.Union([
    Type.Object({
      tag: Type.Literal('NewConnectionResponseOk'),
      /** What the caller applies to its own row, as if the other side had told it. */
      contents: Type.Optional(Nullable(ConnectionAction)),
    }),
    Type.Object({ tag: Type.Literal('NewConnectionResponseUserNotActivated') }),
    Type.Object({ tag: Type.Literal('NewConnectionResponseNotFederating') }),
  ]),
});

export const getNotFullyConnectedBackends = rpc('brig', 'get-not-fully-connected-backends', {
  about: 'Returns those of the given backends that the callee does not federate with.',
  input: Type.Object({ domains: Type.Array(Domain) }),
  output: Type.Object({ non_connected_backends: Type.Array(Domain) }),
});

/** Most connections that one notification of a deleted user names. */
export const maxDeletedConnections = 1000;

export const onUserDeletedConnections = rpc('brig', 'on-user-deleted-connections', {
  about: 'Tells users that somebody whom they had a connection with, in any state, is gone.',
  input: Type.Object({
    user: UserIdSchema,
    connections: Type.Array(UserIdSchema, { minItems: 1, maxItems: maxDeletedConnections }),
  }),
  output: Empty,
  delivery: 'queued',
});

export const brigRpcs = {
  apiVersion,
  getUserByHandle,
  getUsersByIds,
  searchUsers,
  claimPrekey,
  claimPrekeyBundle,
  claimMultiPrekeyBundle,
  getUserClients,
  getMlsClients,
  claimKeyPackages,
  sendConnectionAction,
  getNotFullyConnectedBackends,
  onUserDeletedConnections,
};
