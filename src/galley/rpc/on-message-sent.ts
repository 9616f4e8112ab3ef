import type { onMessageSent } from '#contract/federation/galley.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { Inbox } from '../needs.ts';
import type { Receive } from '../proteus/receive.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
  readonly receiveMessage: Receive;
}

/** Own users have a message in a conversation of the caller (reference federation-api 5.4.17); taken once. */
export function serveOnMessageSent({
  storage,
  inbox,
  receiveMessage,
}: Needs): RpcHandler<typeof onMessageSent> {
  return async (context, message) => {
    await storage.work(async (work) => {
      if (await inbox.first(work, context)) await receiveMessage(work, context.origin, message);
    });
    return {};
  };
}
