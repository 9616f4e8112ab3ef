import type { onUserDeletedConversations } from '#contract/federation/galley.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { Departures } from '../departures/departures.ts';
import type { Inbox } from '../needs.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
  readonly departures: Departures;
}

/**
 * A user of the caller is deleted and leaves its conversations here (reference federation-api 5.4.19). In those where
 * it is no member nothing happens.
 */
export function serveOnUserDeletedConversations({
  storage,
  inbox,
  departures,
}: Needs): RpcHandler<typeof onUserDeletedConversations> {
  return async (context, { user, conversations }) => {
    const gone = { domain: context.origin, id: user };
    await storage.work(async (work) => {
      if (!(await inbox.first(work, context))) return;
      for (const id of new Set(conversations)) await departures.remoteUserDeleted(work, gone, id);
    });
    return {};
  };
}
