import type { ConversationId, ProviderId, UserId } from '#contract/ids.ts';
import type { VerifiedToken, VerifyToken } from '#contract/verified-token.ts';
import type { ParsedToken, Zauth } from './zauth.ts';

/** What tokens say, for listeners that need not know their format. */
export function createTokenVerifier(zauth: Zauth, now: () => number): VerifyToken {
  return (text) => {
    const token = zauth.verify(text, now() / 1000);
    if (token === undefined) return undefined;
    const { body } = token;
    return {
      type: body.type,
      userId: 'userId' in body ? body.userId : undefined,
      clientId: 'clientId' in body ? body.clientId : undefined,
      connectionId: 'connection' in body ? body.connection : undefined,
      ...ofServices(token),
      expiresAt: token.expires,
    };
  };
}

function ofServices({ body, expires }: ParsedToken): Pick<VerifiedToken, 'bot' | 'provider'> {
  if (body.type === 'p') return { provider: { provider: body.provider as ProviderId, expiresAt: expires } };
  if (body.type !== 'b') return {};
  const { bot, provider, conversation } = body;
  return {
    bot: {
      userId: bot as UserId,
      provider: provider as ProviderId,
      conversation: conversation as ConversationId,
    },
  };
}
