import * as client from '#contract/client/client-tokens.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { ClientTokens } from '../client-tokens/client-tokens.ts';

const noStore = { 'cache-control': 'no-store' } as const;

/** How clients prove to a certificate authority who they are (reference client-api 3.5). */
export function clientTokenRoutes(tokens: ClientTokens): readonly ServedRoute[] {
  return [
    handle(client.getNonce, async ({ user, params }) => {
      const nonce = await tokens.createNonce(user.userId, params.client);
      return { status: 204, headers: { ...noStore, 'replay-nonce': nonce } };
    }),
    handle(client.headNonce, async ({ user, params }) => {
      const nonce = await tokens.createNonce(user.userId, params.client);
      return { status: 200, headers: { ...noStore, 'replay-nonce': nonce } };
    }),
    handle(client.createAccessToken, async ({ user, params, headers: { dpop: proof } }) => {
      if (proof === undefined) {
        throw refuse('bad-request', { message: 'headers.dpop: found none, expected a proof' });
      }
      const { token, expiresIn } = await tokens.create(user.userId, params.client, proof);
      return { status: 200, headers: noStore, body: { token, type: 'DPoP' as const, expires_in: expiresIn } };
    }),
  ];
}
