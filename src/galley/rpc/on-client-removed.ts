import type { onClientRemoved } from '#contract/federation/galley.ts';
import type { RpcHandler } from '#contract/rpc.ts';
import type { Storage } from '#storage';
import type { Departures } from '../departures/departures.ts';
import type { Inbox } from '../needs.ts';

interface Needs {
  readonly storage: Storage;
  readonly inbox: Inbox;
  readonly departures: Departures;
}

/** A client of a user of the caller is gone. Proteus conversations are not concerned (reference 5.4.16). */
export function serveOnClientRemoved({
  storage,
  inbox,
  departures,
}: Needs): RpcHandler<typeof onClientRemoved> {
  return async (context, { user: id, client, convs }) => {
    const user = { domain: context.origin, id };
    await storage.work(async (work) => {
      if (await inbox.first(work, context)) await departures.remoteClientRemoved(work, user, client, convs);
    });
    return {};
  };
}
