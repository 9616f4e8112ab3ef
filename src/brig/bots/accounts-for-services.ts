import type { ProviderMail } from '#contract/accounts.ts';
import type { ProviderId, UserId } from '#contract/ids.ts';
import type { AuthenticatedBot } from '#contract/route.ts';
import type { Reader } from '#storage';
import { readEmail } from '../accounts/email.ts';
import type { Passwords } from '../accounts/password.ts';
import type { Zauth } from '../login/zauth.ts';
import type { Mailer } from '../mail/mailer.ts';
import { emailChangeMail, passwordResetMail, providerActivationMail } from '../mail/messages.ts';
import type { PrekeyClaims } from '../prekeys/prekey-claims.ts';
import type { BrigSettings } from '../settings.ts';
import { findAccount } from '../users/user-store.ts';
import { type BotAccounts, botUserView } from './bot-accounts.ts';

interface Needs {
  readonly reader: Reader;
  readonly passwords: Passwords;
  readonly mailer: Mailer;
  readonly zauth: Zauth;
  readonly settings: Pick<
    BrigSettings,
    'providerTokenSeconds' | 'secureCookies' | 'providerActivationUrl' | 'providerPasswordResetUrl'
  >;
  readonly prekeys: PrekeyClaims;
  readonly bots: BotAccounts;
  readonly now: () => number;
}

const never = -1;
/** What the clocks of processes of one backend differ by at most. */
const clockDifferenceSeconds = 60;

export type AccountsForServices = ReturnType<typeof createAccountsForServices>;

/**
 * What whoever keeps services may know and do of accounts, and how it proves who its providers and bots are. It says
 * itself what each of these is for (`ServiceAccounts`).
 */
export function createAccountsForServices(needs: Needs) {
  const { reader, passwords, mailer, zauth, settings, prekeys, bots, now } = needs;
  const mails = {
    activation: [providerActivationMail, settings.providerActivationUrl],
    'email-change': [emailChangeMail, settings.providerActivationUrl],
    'password-reset': [passwordResetMail, settings.providerPasswordResetUrl],
  } as const;
  const tokenExpiry = () => Math.floor(now() / 1000) + settings.providerTokenSeconds;
  return {
    bots,
    claimPrekeys: prekeys.claimMany,
    readEmail,
    hashPassword: (password: string) => passwords.hash(password),
    verifyPassword: (password: string, hash: string | null) => passwords.verify(password, hash),
    mailCode({ reason, to, name, key, code }: ProviderMail) {
      const [write, url] = mails[reason];
      mailer.send(write(to, name, { key, code, url }));
    },
    providerCookie(provider: ProviderId, expiresAfter: number) {
      const expires = Math.max(tokenExpiry(), expiresAfter + 1);
      const token = zauth.issue({ type: 'p', provider }, { expires });
      const until = new Date(expires * 1000).toUTCString();
      const secure = settings.secureCookies ? '; Secure' : '';
      return { 'set-cookie': `zprovider=${token}; Path=/provider; Expires=${until}; HttpOnly${secure}` };
    },
    lastProviderExpiry: () => tokenExpiry() + clockDifferenceSeconds,
    botToken: ({ userId: bot, provider, conversation }: AuthenticatedBot) =>
      zauth.issue({ type: 'b', provider, bot, conversation }, { expires: never }),
    async findUser(user: UserId) {
      const account = await findAccount(reader, user);
      return account && { view: botUserView(account), locale: account.locale };
    },
  };
}
