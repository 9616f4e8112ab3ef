import * as client from '#contract/client/calls.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { CallsConfigs } from '../calls/calls-config.ts';

/** Which servers carry the media of calls. */
export function callRoutes(calls: CallsConfigs): readonly ServedRoute[] {
  return [
    handle(client.getCallsConfig, () => ({ status: 200, body: calls.getLegacy() })),
    handle(client.getCallsConfigV2, ({ query }) => ({
      status: 200,
      body: calls.get(query.limit === undefined ? undefined : Number(query.limit)),
    })),
  ];
}
