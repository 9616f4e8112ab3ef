import type { onConversationUpdated } from '#contract/federation/galley.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { Inbox } from '../needs.ts';
import type { ApplyUpdate } from '../remote/apply-update.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
  readonly updates: ApplyUpdate;
}

/** A conversation of the caller has changed (reference federation-api 5.4.20); taken once. */
export function serveOnConversationUpdated({
  storage,
  inbox,
  updates,
}: Needs): RpcHandler<typeof onConversationUpdated> {
  return async (context, update) => {
    const prepared = await updates.prepare(context.origin, update);
    await storage.work(async (work) => {
      if (await inbox.first(work, context)) await updates.apply(work, prepared);
    });
    return {};
  };
}
