import type { ProviderId, UserId } from '#contract/ids.ts';
import type { AuthenticatedBot } from '#contract/route.ts';
import type { BotUserView } from '#contract/services.ts';
import type { Reader } from '#storage';
import { type EmailAddress, readEmail } from '../accounts/email.ts';
import type { Passwords } from '../accounts/password.ts';
import type { Zauth } from '../login/zauth.ts';
import type { Mailer } from '../mail/mailer.ts';
import { type ProviderActivation, providerActivationMail } from '../mail/messages.ts';
import type { PrekeyClaims } from '../prekeys/prekey-claims.ts';
import type { BrigSettings } from '../settings.ts';
import { findAccount } from '../users/user-store.ts';
import { type BotAccounts, botUserView } from './bot-accounts.ts';

/** What whoever keeps services may know and do of accounts, and how it proves who its providers and bots are. */
export interface AccountsForServices {
  /** @throws Refusal `invalid-email` */
  readEmail(text: string): EmailAddress;
  hashPassword(password: string): Promise<string>;
  /** @param hash null takes as long, and is false */
  verifyPassword(password: string, hash: string | null): Promise<boolean>;
  mailActivation(activation: ProviderActivation): void;
  /** `Set-Cookie` with the token of a provider. */
  providerCookie(provider: ProviderId): Readonly<Record<string, string>>;
  /** A bot's token, which does not expire. */
  botToken(bot: AuthenticatedBot): string;
  /** A user of this backend, and its language. */
  findUser(user: UserId): Promise<{ readonly view: BotUserView; readonly locale: string } | undefined>;
  /** One prekey of each named client, as far as the backends answer. @throws Refusal `too-many-clients` */
  claimPrekeys: PrekeyClaims['claimMany'];
  readonly bots: BotAccounts;
}

interface Needs {
  readonly reader: Reader;
  readonly passwords: Passwords;
  readonly mailer: Mailer;
  readonly zauth: Zauth;
  readonly settings: Pick<BrigSettings, 'providerTokenSeconds' | 'secureCookies' | 'providerActivationUrl'>;
  readonly prekeys: PrekeyClaims;
  readonly bots: BotAccounts;
  readonly now: () => number;
}

const never = -1;

export function createAccountsForServices(needs: Needs): AccountsForServices {
  const { reader, passwords, mailer, zauth, settings, prekeys, bots, now } = needs;
  return {
    bots,
    claimPrekeys: prekeys.claimMany,
    readEmail,
    hashPassword: (password) => passwords.hash(password),
    verifyPassword: (password, hash) => passwords.verify(password, hash),
    mailActivation: (activation) =>
      mailer.send(providerActivationMail(activation, settings.providerActivationUrl)),
    providerCookie(provider) {
      const expires = Math.floor(now() / 1000) + settings.providerTokenSeconds;
      const token = zauth.issue({ type: 'p', provider }, { expires });
      const until = new Date(expires * 1000).toUTCString();
      const secure = settings.secureCookies ? '; Secure' : '';
      return { 'set-cookie': `zprovider=${token}; Path=/provider; Expires=${until}; HttpOnly${secure}` };
    },
    botToken: ({ userId: bot, provider, conversation }) =>
      zauth.issue({ type: 'b', provider, bot, conversation }, { expires: never }),
    async findUser(user) {
      const account = await findAccount(reader, user);
      return account && { view: botUserView(account), locale: account.locale };
    },
  };
}
