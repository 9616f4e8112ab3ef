import type { onUserDeletedConnections } from '#contract/federation/brig.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { ConnectionStore } from '../connections/connection-store.ts';
import { userOfOrigin } from '../connections/incoming-actions.ts';
import type { Events, Inbox } from '../connections/needs.ts';
import { userDeletedEvent } from '../deletion/user-deleted-event.ts';

interface Needs {
  readonly storage: Storage;
  readonly store: ConnectionStore;
  readonly events: Events;
  readonly inbox: Inbox;
}

/**
 * A user of the caller is gone: its connections with own users are removed, and those who had accepted it are told
 * (reference federation-api 5.2.13). A repeat finds no rows and tells nobody.
 */
export function serveOnUserDeletedConnections({
  storage,
  store,
  events,
  inbox,
}: Needs): RpcHandler<typeof onUserDeletedConnections> {
  return async (context, { user, connections }) => {
    const gone = userOfOrigin(context.origin, user);
    await storage.work(async (work) => {
      if (!(await inbox.first(work, context))) return;
      const contacts = await store.removeRemoteUser(work, gone, connections);
      if (contacts.length === 0) return;
      const recipients = contacts.map((id) => ({ user: id }));
      await events.push(work, { recipients, event: userDeletedEvent(gone), route: 'direct' });
    });
    return {};
  };
}
