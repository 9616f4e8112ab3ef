import { brigRpcs } from '#contract/federation/brig.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { type ServedRpc, serveRpcs } from '#contract/rpc.ts';
import type { Reader, Storage } from '#storage';
import type { AccountTeams } from '../accounts/team-needs.ts';
import type { ClientDirectory } from '../clients/client-directory.ts';
import type { Connections } from '../connections/connections.ts';
import type { BackendRules, Events, Inbox, TeamRules } from '../connections/needs.ts';
import type { Deletion } from '../deletion/deletion.ts';
import type { OwnKeyPackages } from '../key-packages/own-key-packages.ts';
import type { Claims } from '../prekeys/claims.ts';
import type { RemoteRules } from '../search/remote-rules.ts';
import { serveApiVersion } from './api-version.ts';
import { serveClaimKeyPackages } from './claim-key-packages.ts';
import { serveClaimMultiPrekeyBundle } from './claim-multi-prekey-bundle.ts';
import { serveClaimPrekey } from './claim-prekey.ts';
import { serveClaimPrekeyBundle } from './claim-prekey-bundle.ts';
import { serveGetMlsClients } from './get-mls-clients.ts';
import { serveGetNotFullyConnectedBackends } from './get-not-fully-connected-backends.ts';
import { serveGetUserByHandle } from './get-user-by-handle.ts';
import { serveGetUserClients } from './get-user-clients.ts';
import { serveGetUsersByIds } from './get-users-by-ids.ts';
import { serveOnUserDeletedConnections } from './on-user-deleted-connections.ts';
import { serveSearchUsers } from './search-users.ts';
import { serveSendConnectionAction } from './send-connection-action.ts';

/** What the served RPCs need of others. */
export interface BrigRpcNeeds {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly remoteRules: RemoteRules & TeamRules & BackendRules;
  readonly directory: ClientDirectory;
  readonly claims: Claims;
  readonly keyPackages: OwnKeyPackages;
  readonly mlsEnabled: boolean;
  readonly teams: Pick<AccountTeams, 'legalholdStatusesOf'>;
  readonly storage: Storage;
  readonly connections: Pick<Connections, 'store' | 'incoming'>;
  readonly events: Events;
  readonly inbox: Inbox;
  readonly deletion: Pick<Deletion, 'removeExpired'>;
}

/** Every RPC that brig serves to other backends; one that is declared but missing here does not compile. */
export function brigRpcTable(needs: BrigRpcNeeds): readonly ServedRpc[] {
  const { storage, connections, events, inbox, remoteRules, deletion } = needs;
  const { store, incoming } = connections;
  return serveRpcs(brigRpcs, {
    apiVersion: serveApiVersion(),
    getUserByHandle: serveGetUserByHandle(needs),
    getUsersByIds: serveGetUsersByIds({ ...needs, onExpired: deletion.removeExpired }),
    searchUsers: serveSearchUsers(needs),
    claimPrekey: serveClaimPrekey(needs),
    claimPrekeyBundle: serveClaimPrekeyBundle(needs),
    claimMultiPrekeyBundle: serveClaimMultiPrekeyBundle(needs),
    getUserClients: serveGetUserClients(needs),
    getMlsClients: serveGetMlsClients(needs),
    claimKeyPackages: serveClaimKeyPackages(needs),
    sendConnectionAction: serveSendConnectionAction({ incoming, teamRules: remoteRules }),
    getNotFullyConnectedBackends: serveGetNotFullyConnectedBackends(remoteRules),
    onUserDeletedConnections: serveOnUserDeletedConnections({ storage, store, events, inbox }),
  });
}
