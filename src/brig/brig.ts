import type { ClientId, Qualified, UserId } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import type { ServedRpc } from '#contract/rpc.ts';
import type { VerifyToken } from '#contract/verified-token.ts';
import type { AccountsForTeams } from './accounts/accounts-for-teams.ts';
import type { AccountsForServices } from './bots/accounts-for-services.ts';
import type { ClientDirectory } from './clients/client-directory.ts';
import type { RemoteClients } from './clients/remote-clients.ts';
import type { ConnectionStore } from './connections/connection-store.ts';
import type { FederationStatus } from './connections/federation-status.ts';
import type { OwnKeyPackages } from './key-packages/own-key-packages.ts';
import type { RemoteMlsClients } from './key-packages/remote-mls-clients.ts';
import type { AccountLookup } from './users/account-lookup.ts';

/** What brig is to others. */
export interface Brig extends AsyncDisposable {
  readonly rpcs: readonly ServedRpc[];
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
  /** For the operations listener. */
  readonly internalRoutes: readonly ServedRoute[];
  readonly tokens: {
    /** What a token says, when it is well-formed, signed by us and not expired. Never throws. */
    readonly verify: VerifyToken;
  };
  /** Which own users exist. */
  readonly accounts: AccountLookup;
  /** Whether all of the users, of whatever backend, say that they understand MLS. @throws Refusal as a federated call */
  allSupportMls(users: readonly Qualified<UserId>[]): Promise<boolean>;
  readonly forTeams: AccountsForTeams;
  readonly forServices: AccountsForServices;
  /** How own users stand to others. */
  readonly connections: Pick<ConnectionStore, 'find' | 'listRelations' | 'listContacts'>;
  /** Whether other backends federate with each other. */
  readonly federationStatus: FederationStatus;
  /** Own users' clients, and those of remotes' users. */
  readonly clients: {
    readonly own: ClientDirectory;
    readonly remote: RemoteClients;
    /** Which of them can be added to MLS groups. */
    readonly ownMls: Pick<OwnKeyPackages, 'mlsClientsOf'>;
    readonly remoteMls: RemoteMlsClients;
    /** Notes that a client is in use. */
    recordActivity(userId: UserId, clientId: ClientId): Promise<void>;
  };
}
