import type { NewUser } from '#contract/client/registration.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { AccountRow, CookieRow, Storage, Work } from '#storage';
import { type Activation, giveIdentity } from '../activation/activation.ts';
import { activationKey } from '../activation/activation-store.ts';
import type { Sessions } from '../login/sessions.ts';
import { indexAccount } from '../search/search-index.ts';
import type { BrigSettings } from '../settings.ts';
import { accountCreated } from '../telemetry.ts';
import { findAccount } from '../users/user-store.ts';
import { addAccount, findAccountByEmailKey, workRefusingTaken } from './account-store.ts';
import { type EmailAddress, readEmail } from './email.ts';
import type { EmailRules } from './email-rules.ts';
import {
  assertConsistent,
  assertPublic,
  assertWithoutSso,
  flowOf,
  isEphemeral,
  newAccountRow,
} from './new-account.ts';
import type { Passwords } from './password.ts';
import type { AccountTeams } from './team-needs.ts';
import type { UserEvents } from './user-events.ts';

export interface RegistrationNeeds {
  readonly storage: Storage;
  readonly settings: BrigSettings;
  readonly emailRules: EmailRules;
  readonly passwords: Passwords;
  readonly activation: Activation;
  readonly sessions: Sessions;
  readonly teams: AccountTeams;
  readonly userEvents: Pick<UserEvents, 'activated'>;
  readonly now: () => number;
}

export interface Registered {
  readonly account: AccountRow;
  readonly cookie: CookieRow;
}

/** Making accounts (reference client-api 2.3). */
export interface Registration {
  /**
   * Registers a user from outside and logs it in. The checks come in wire-server's order.
   * @throws Refusal `bad-request`, `user-creation-restricted`, `unauthorized`, `invalid-email`, `invalid-phone`,
   * `key-exists`, `blacklisted-email`, `missing-identity`, `invalid-invitation-code`, `too-many-team-members`,
   * `invalid-code`.
   */
  register(body: NewUser): Promise<Registered>;
  /** Makes an account for an operator: its e-mail counts as activated, no cookie. @throws as `register`. */
  create(body: NewUser): Promise<AccountRow>;
}

export function createRegistration(needs: RegistrationNeeds): Registration {
  const { storage, settings, emailRules, passwords, activation, sessions, teams, userEvents, now } = needs;

  /** Everything that can be said against a body before its password is hashed. */
  async function check(body: NewUser, email: EmailAddress | undefined): Promise<void> {
    if (body.phone !== undefined) {
      throw refuse('invalid-phone', {
        message: 'phone: found one, but accounts here have e-mail addresses only',
      });
    }
    if (email !== undefined) {
      if ((await findAccountByEmailKey(storage.reader, email.key)) !== undefined) throw refuse('key-exists');
      emailRules.assertNotBlacklisted(email);
    }
    if (body.team_code === undefined) return;
    if (email === undefined) throw refuse('missing-identity');
    if ((await teams.findInvitee(storage.reader, body.team_code)) !== email.key) {
      throw refuse('invalid-invitation-code', {
        message: 'team_code: no open invitation of this address has this code',
      });
    }
  }

  async function newRow(body: NewUser): Promise<AccountRow> {
    const hash = body.password === undefined ? null : await passwords.hash(body.password);
    return newAccountRow(body, hash, settings, now());
  }

  async function activateByCode(row: AccountRow, email: EmailAddress, code: string): Promise<AccountRow> {
    const userId = row.id as UserId;
    const account = await workRefusingTaken(storage, 'key-exists', async (work) => {
      const pending = await activation.judge(work, activationKey(email.key), code);
      if (pending === undefined) return undefined;
      await giveIdentity(work, pending, userId);
      return await findAccount(work.reader, userId);
    });
    if (account === undefined) throw refuse('invalid-code');
    return account;
  }

  async function startSession(work: Work, account: AccountRow, label: string | null): Promise<CookieRow> {
    const type = account.status === 'ephemeral' ? 'session' : 'persistent';
    return await sessions.add(work, { userId: account.id as UserId, type, label });
  }

  /** The account, with the team that it founds. */
  async function add(work: Work, row: AccountRow, { team }: NewUser): Promise<void> {
    await addAccount(work, row);
    await indexAccount(work, row);
    if (team === undefined) return;
    const { name, icon, icon_key: iconKey } = team;
    await teams.found(work, row.id as UserId, { id: row.team as TeamId, name, icon, iconKey });
  }

  /** The account and its first cookie, and the activation that it waits for, in one unit of work. */
  async function addWithSession(row: AccountRow, body: NewUser, email: EmailAddress | undefined) {
    return await storage.work(async (work) => {
      await add(work, row, body);
      const cookie = await startSession(work, row, body.label ?? null);
      const pending = email && (await activation.begin(work, email, row.id as UserId));
      return { cookie, pending };
    });
  }

  /** Whoever has the code of an invitation got it by mail: the address is an identity at once. */
  async function addInvited(work: Work, row: AccountRow, email: EmailAddress, code: string) {
    const team = await teams.accept(work, code, email.key, row.id as UserId);
    const account = { ...activeWith(row, email), team };
    await addAccount(work, account);
    await indexAccount(work, account);
    await userEvents.activated(work, account);
    return account;
  }

  async function addInvitedWithSession(row: AccountRow, body: NewUser, email: EmailAddress, code: string) {
    return await workRefusingTaken(storage, 'key-exists', async (work) => {
      const account = await addInvited(work, row, email, code);
      return { account, cookie: await startSession(work, account, body.label ?? null) };
    });
  }

  /** With a code the account is made first: it stays behind, inactive, when the code is wrong (reference 2.3, 7). */
  async function addWithCode(row: AccountRow, body: NewUser, email: EmailAddress, code: string) {
    await storage.work((work) => add(work, row, body));
    const account = await activateByCode(row, email, code);
    const cookie = await storage.work((work) => startSession(work, account, body.label ?? null));
    return { account, cookie };
  }

  return {
    async register(body) {
      assertConsistent(body);
      assertPublic(body);
      if (settings.restrictUserCreation && body.team_code === undefined && !isEphemeral(body)) {
        throw refuse('user-creation-restricted');
      }
      if (body.email !== undefined) emailRules.assertAllowed(body.email);
      const email = body.email === undefined ? undefined : readEmail(body.email);
      await check(body, email);
      const row = await newRow(body);
      const flow = flowOf(body);
      if (email !== undefined && body.team_code !== undefined) {
        const registered = await addInvitedWithSession(row, body, email, body.team_code);
        accountCreated(row.id, flow);
        return registered;
      }
      if (email !== undefined && body.email_code !== undefined) {
        const registered = await addWithCode(row, body, email, body.email_code);
        accountCreated(row.id, flow);
        return registered;
      }
      const { cookie, pending } = await addWithSession(row, body, email);
      if (pending !== undefined) activation.mail(pending, row);
      accountCreated(row.id, flow);
      return { account: row, cookie };
    },

    async create(body) {
      assertConsistent(body);
      assertWithoutSso(body);
      const email = body.email === undefined ? undefined : readEmail(body.email);
      await check(body, email);
      const row = await newRow(body);
      const account = await workRefusingTaken(storage, 'key-exists', async (work) => {
        if (email !== undefined && body.team_code !== undefined)
          return addInvited(work, row, email, body.team_code);
        const added = email === undefined ? row : activeWith(row, email);
        await add(work, added, body);
        return added;
      });
      accountCreated(account.id, 'internal');
      return account;
    },
  };
}

/** The account with an address that needs no further proof. */
function activeWith(row: AccountRow, email: EmailAddress): AccountRow {
  return { ...row, status: 'active', email: email.text, email_key: email.key };
}
