import type { ClientId, ConversationId, ProviderId, UserId } from '#contract/ids.ts';
import type { AuthenticatedBot, AuthenticatedProvider } from '#contract/route.ts';
import type { ParsedToken, Zauth } from './zauth.ts';

/** What a verified token says, for listeners that need not know its format. */
export interface VerifiedToken {
  /** `u` user cookie, `a` access, `b` bot, `p` provider, `la` and `lu` their legalhold forms. */
  readonly type: string;
  /** Absent in tokens of bots and providers. */
  readonly userId: UserId | undefined;
  /** Present when the token is bound to a client. */
  readonly clientId: ClientId | undefined;
  /** Present in access tokens. */
  readonly connectionId: string | undefined;
  /** Of a bot's token. */
  readonly bot?: AuthenticatedBot;
  /** Of a provider's token. */
  readonly provider?: AuthenticatedProvider;
  /** Unix seconds; -1 for a token that does not expire. */
  readonly expiresAt: number;
}

export function createTokenVerifier(
  zauth: Zauth,
  now: () => number,
): (text: string) => VerifiedToken | undefined {
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
