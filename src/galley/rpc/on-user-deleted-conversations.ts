import type { onUserDeletedConversations } from '#contract/federation/galley.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { Departures } from '../departures/departures.ts';

interface Needs {
  readonly storage: Storage;
  readonly departures: Departures;
}

/** Conversations in one unit of work, which has to be short. */
const conversationsPerWork = 50;

/**
 * A user of the caller is deleted and leaves its conversations here (reference federation-api 5.4.19). In those where
 * it is no member nothing happens, so that a repeat, or the rest after a crash, needs no memory of what was done.
 */
export function serveOnUserDeletedConversations({
  storage,
  departures,
}: Needs): RpcHandler<typeof onUserDeletedConversations> {
  return async ({ origin }, { user, conversations }) => {
    const gone = { domain: origin, id: user };
    const ids = [...new Set(conversations)];
    for (let at = 0; at < ids.length; at += conversationsPerWork) {
      await storage.work(async (work) => {
        for (const id of ids.slice(at, at + conversationsPerWork))
          await departures.remoteUserDeleted(work, gone, id);
      });
    }
    return {};
  };
}
