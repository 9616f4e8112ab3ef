import * as client from '#contract/client/bots.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Bots } from '../bots/bots.ts';

/** Putting bots into conversations and taking them out, and keys of those whom they write to. */
export function botRoutes(bots: Bots): readonly ServedRoute[] {
  return [
    handle(client.addBot, async ({ user, params, body, signal }) => {
      const {
        id,
        client: device,
        name,
        accentId,
        assets,
        event,
      } = await bots.add(user, params.cnv, body, signal);
      const answer = { id, client: device, name, accent_id: accentId, assets, event };
      return { status: 201, body: answer };
    }),
    handle(client.removeBot, async ({ user, params }) => {
      const event = await bots.remove(user, params.cnv, params.bot);
      return event === undefined ? { status: 204 } : { status: 200, body: { event } };
    }),
    handle(client.claimBotUserPrekeys, async ({ user, body, requestId, signal }) => ({
      status: 200,
      body: await bots.claimPrekeys(user, body, { requestId, signal }),
    })),
    handle(client.deleteBotSelf, async ({ user }) => {
      await bots.removeSelf(user);
      return { status: 200 };
    }),
  ];
}
