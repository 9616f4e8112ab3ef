import * as contract from '#contract/client/push-tokens.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Storage } from '#storage';
import { assertPushToken } from '../push-tokens/token-rules.ts';
import { listTokens, putToken, removeToken } from '../push-tokens/token-store.ts';

/** Registering with native push services (reference client-api 6.3). */
export function pushTokenRoutes(
  storage: Storage,
  apps: readonly string[] | undefined,
): readonly ServedRoute[] {
  return [
    handle(contract.addPushToken, async ({ user, body }) => {
      const token = assertPushToken(body, apps);
      await storage.work((work) => putToken(work, user.userId, token));
      // As wire-server has it: the token as it is, and a token is visible ASCII.
      return { status: 201, headers: { location: token.token }, body: token };
    }),
    handle(contract.getPushTokens, async ({ user }) => ({
      status: 200,
      body: { tokens: [...(await listTokens(storage.reader, user.userId))] },
    })),
    handle(contract.removePushToken, async ({ user, params }) => {
      const wasThere = await storage.work((work) => removeToken(work, user.userId, params.token));
      if (!wasThere) throw refuse('not-found:push-token');
      return { status: 204 };
    }),
  ];
}
