import type { AccessToken, Login as LoginBody, PasswordLogin } from '#contract/client/login.ts';
import type { Handle, UserId } from '#contract/ids.ts';
import { Refusal, refuse } from '#contract/refusal.ts';
import type { AccountRow, CookieRow, Storage } from '#storage';
import { findAccountByEmailKey, lockAccount } from '../accounts/account-store.ts';
import { parseEmail } from '../accounts/email.ts';
import type { Passwords } from '../accounts/password.ts';
import { activationKey, findActivation } from '../activation/activation-store.ts';
import type { SecondFactor } from '../second-factor/second-factor.ts';
import { loginEnded } from '../telemetry.ts';
import { findAccount, findAccountByHandle } from '../users/user-store.ts';
import type { Inactivity } from './inactivity.ts';
import type { LoginBudget } from './login-budget.ts';
import type { CookieType, Sessions } from './sessions.ts';

export interface LoginNeeds {
  readonly storage: Storage;
  readonly passwords: Passwords;
  readonly budget: LoginBudget;
  readonly secondFactor: Pick<SecondFactor, 'assert'>;
  readonly sessions: Sessions;
  readonly inactivity: Inactivity;
  readonly now: () => number;
}

export interface LoggedIn {
  readonly token: AccessToken;
  readonly cookie: CookieRow;
}

export interface Login {
  /**
   * Logs in by e-mail or handle and password (reference client-api 2.5).
   * @throws Refusal `invalid-credentials`, `pending-activation`, `suspended`, `ephemeral`, `client-error`,
   * `code-authentication-required`, `code-authentication-failed`.
   */
  login(body: LoginBody, type: CookieType): Promise<LoggedIn>;
}

export function createLogin(needs: LoginNeeds): Login {
  const { storage, passwords, budget, secondFactor, sessions, now } = needs;

  /** @throws Refusal when nobody is known by this; takes as long as a wrong password. */
  async function identify(body: PasswordLogin): Promise<AccountRow> {
    const identity = readIdentity(body);
    const account = await findByIdentity(identity);
    if (account !== undefined) return account;
    await passwords.verify(body.password, null);
    throw refuse((await isPending(identity)) ? 'pending-activation' : 'invalid-credentials');
  }

  async function findByIdentity(identity: Identity): Promise<AccountRow | undefined> {
    if ('handle' in identity) return await findAccountByHandle(storage.reader, identity.handle as Handle);
    const email = parseEmail(identity.email ?? '');
    return email && (await findAccountByEmailKey(storage.reader, email.key));
  }

  /** Whether the address waits to become the identity of an account. */
  async function isPending(identity: Identity): Promise<boolean> {
    const email = 'email' in identity ? parseEmail(identity.email ?? '') : undefined;
    const pending = email && (await findActivation(storage.reader, activationKey(email.key), now()));
    if (pending?.user_id === undefined || pending.user_id === null) return false;
    const account = await findAccount(storage.reader, pending.user_id as UserId);
    return account?.status === 'pending' || account?.status === 'active';
  }

  /** The account may have changed while the password was checked: what was checked must still hold. */
  async function startSession(
    checked: AccountRow,
    type: CookieType,
    label: string | null,
  ): Promise<CookieRow> {
    return await storage.work(async (work) => {
      const account = await lockAccount(work, checked.id as UserId);
      if (account === undefined || account.password_hash !== checked.password_hash) {
        throw refuse('invalid-credentials');
      }
      assertMayLogIn(account);
      return await sessions.addWithinLimits(work, { userId: account.id as UserId, type, label });
    });
  }

  async function login(body: LoginBody, type: CookieType): Promise<LoggedIn> {
    // Phone numbers are no identity here: whoever gives one is unknown.
    if (!isPasswordLogin(body)) throw refuse('invalid-credentials');
    const account = await identify(body);
    const userId = account.id as UserId;
    await budget.take(userId);
    if (!(await passwords.verify(body.password, account.password_hash))) throw refuse('invalid-credentials');
    // A second factor that is missing or wrong has cost its attempt as well.
    if (account.status === 'active') await secondFactor.assert(account, 'login', body.verification_code);
    await budget.giveBack(userId);
    assertMayLogIn(account);
    if (await needs.inactivity.suspend(userId)) throw refuse('suspended');
    const cookie = await startSession(account, type, body.label ?? null);
    return { token: sessions.accessToken(cookie, undefined), cookie };
  }

  return {
    async login(body, type) {
      try {
        const loggedIn = await login(body, type);
        loginEnded('ok');
        return loggedIn;
      } catch (error) {
        loginEnded(error instanceof Refusal ? error.key : 'error');
        throw error;
      }
    },
  };
}

function isPasswordLogin(body: LoginBody): body is PasswordLogin {
  return 'password' in body && typeof body.password === 'string';
}

type Identity = { readonly email?: string } | { readonly handle: string };

/** @throws Refusal `bad-request` unless exactly one identity is given. */
function readIdentity(body: PasswordLogin): Identity {
  const given = (['email', 'phone', 'handle'] as const).filter((name) => body[name] !== undefined);
  if (given.length !== 1) {
    throw refuse('bad-request', {
      message: `body: found ${given.join(' and ') || 'no identity'}, expected exactly one of email, phone, handle`,
    });
  }
  return body.handle === undefined ? { email: body.email } : { handle: body.handle };
}

/** @throws Refusal `suspended`, `ephemeral`, `pending-activation`, `invalid-credentials` */
export function assertMayLogIn(account: AccountRow): void {
  switch (account.status) {
    case 'active':
      return;
    case 'suspended':
    case 'ephemeral':
      throw refuse(account.status);
    case 'pending':
      throw refuse('pending-activation');
    default:
      throw refuse('invalid-credentials');
  }
}
