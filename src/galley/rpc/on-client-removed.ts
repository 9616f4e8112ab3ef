import type { onClientRemoved } from '#contract/federation/galley.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { Inbox } from '../needs.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
}

/** A client of a user of the caller is gone. Proteus conversations are not concerned (reference 5.4.16). */
export function serveOnClientRemoved({ storage, inbox }: Needs): RpcHandler<typeof onClientRemoved> {
  return async (context) => {
    await storage.work(async (work) => {
      await inbox.first(work, context);
    });
    return {};
  };
}
