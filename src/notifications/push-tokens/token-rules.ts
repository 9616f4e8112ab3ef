import type { AnyPushToken, PushToken, Transport } from '#contract/client/push-tokens.ts';
import { refuse } from '#contract/refusal.ts';

const maxTokenLength: Readonly<Record<Transport, number>> = { GCM: 8192, APNS: 400, APNS_SANDBOX: 400 };
const printable = /^[\x21-\x7e]+$/;

/**
 * Checks what a client wants to register (reference client-api 6.3).
 * @throws Refusal `apns-voip-not-supported`, `app-not-found`, `invalid-token` or `token-too-long`
 */
export function assertPushToken(given: AnyPushToken, apps: readonly string[] | undefined): PushToken {
  const { transport, app, token, client } = given;
  if (transport === 'APNS_VOIP' || transport === 'APNS_VOIP_SANDBOX') throw refuse('apns-voip-not-supported');
  if (apps !== undefined && !apps.includes(app)) throw refuse('app-not-found');
  if (!printable.test(token)) throw refuse('invalid-token');
  if (token.length > maxTokenLength[transport]) throw refuse('token-too-long');
  return { transport, app, token, client };
}
