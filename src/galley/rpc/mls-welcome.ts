import type { mlsWelcome } from '#contract/federation/mls-messages.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { ReceiveMls } from '../mls-messages/receive.ts';
import type { Inbox } from '../needs.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
  readonly receiveMls: ReceiveMls;
  readonly isMlsEnabled: boolean;
}

/** Own clients were added to a group of the caller (reference federation-api 5.4.6); taken once. */
export function serveMlsWelcome(needs: Needs): RpcHandler<typeof mlsWelcome> {
  const { storage, inbox, receiveMls, isMlsEnabled } = needs;
  return async (context, welcome) => {
    if (!isMlsEnabled) return 'MLSWelcomeMLSNotEnabled';
    await storage.work(async (work) => {
      if (await inbox.first(work, context)) await receiveMls.welcome(work, context.origin, welcome);
    });
    return 'MLSWelcomeSent';
  };
}
