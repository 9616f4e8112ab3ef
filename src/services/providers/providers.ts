import { randomBytes, randomUUID } from 'node:crypto';
import type { Email } from '#contract/accounts.ts';
import type { NewProvider, ProviderUpdate } from '#contract/client/providers.ts';
import type { ProviderId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { AuthenticatedProvider } from '#contract/route.ts';
import { isUniqueViolation, type ProviderCodeRow, type ProviderRow, type Storage } from '#storage';
import type { ServiceAccounts } from '../needs.ts';
import { removeCodesTo } from './code-store.ts';
import type { ProviderCodes } from './codes.ts';
import { changeProvider, findProvider, findProviderByEmail, insertProvider } from './provider-store.ts';

export interface Registered {
  readonly id: ProviderId;
  /** One that was made. */
  readonly password: string | undefined;
}

/** Who provides services (reference client-api 9.5). */
export interface Providers {
  /** @throws Refusal `invalid-email`, `email-exists`, `too-many-requests` */
  register(body: NewProvider): Promise<Registered>;
  /**
   * Makes a mailed address that of its provider; undefined when it is so already.
   * @throws Refusal `invalid-code`, `email-exists`
   */
  activate(key: string, code: string): Promise<string | undefined>;
  /** For operators. @throws Refusal `invalid-email`, `not-found` */
  getActivation(email: string): Promise<ProviderCodeRow>;
  /** @throws Refusal `invalid-credentials` */
  logIn(email: string, password: string): Promise<ProviderRow>;
  /** Whether the session of a token has not been ended before its time. */
  isSessionOpen(caller: AuthenticatedProvider): Promise<boolean>;
  /** @throws Refusal `not-found` */
  get(id: ProviderId): Promise<ProviderRow>;
  /** @throws Refusal `invalid-provider` */
  update(id: ProviderId, update: ProviderUpdate): Promise<void>;
  /**
   * Mails a code to another address, which becomes the provider's once the code was given.
   * @throws Refusal `invalid-email`, `invalid-provider`, `email-exists`, `too-many-requests`
   */
  changeEmail(id: ProviderId, email: string): Promise<void>;
  /** @throws Refusal `invalid-credentials`, `password-must-differ` */
  changePassword(id: ProviderId, oldPassword: string, newPassword: string): Promise<void>;
  /** @throws Refusal `invalid-credentials` */
  assertPassword(id: ProviderId, password: string): Promise<void>;
}

interface Needs {
  readonly storage: Storage;
  readonly accounts: ServiceAccounts;
  readonly codes: ProviderCodes;
}

const passwordBytes = 18;

export function createProviders({ storage, accounts, codes }: Needs): Providers {
  const { reader } = storage;

  /** Passwords are judged outside of units of work. Returns whose password was found right. */
  async function authenticate(row: ProviderRow | undefined, password: string): Promise<ProviderRow> {
    if (!(await accounts.verifyPassword(password, row?.password_hash ?? null)) || row === undefined)
      throw refuse('invalid-credentials');
    return row;
  }

  async function assertFree(email: Email): Promise<void> {
    if ((await findProviderByEmail(reader, email.key)) !== undefined) throw refuse('email-exists');
  }

  return {
    async register(body) {
      const email = accounts.readEmail(body.email);
      await assertFree(email);
      const made = body.password === undefined ? randomBytes(passwordBytes).toString('base64url') : undefined;
      const id = randomUUID() as string as ProviderId;
      const row: ProviderRow = {
        id,
        name: body.name,
        url: body.url,
        description: body.description,
        password_hash: await accounts.hashPassword(made ?? body.password ?? ''),
        email: null,
        email_key: null,
        sessions_ended_until: 0,
      };
      const { key, code } = await storage.work(async (work) => {
        await insertProvider(work, row);
        return await codes.begin(work, 'activation', id, email);
      });
      accounts.mailCode({ reason: 'activation', to: email.text, name: body.name, key, code });
      return { id, password: made };
    },

    async activate(key, code) {
      const { provider: owner, email, email_key } = await codes.judge('activation', key, code);
      const id = owner as ProviderId;
      const provider = await findProvider(reader, id);
      if (provider === undefined) throw refuse('invalid-code:verification');
      if (provider.email_key === email_key) return undefined;
      try {
        await storage.work(async (work) => {
          await changeProvider(work, id, { email, email_key });
          if (provider.email_key !== null) await removeCodesTo(work, id, provider.email_key);
        });
      } catch (cause) {
        if (isUniqueViolation(cause)) throw refuse('email-exists', { cause });
        throw cause;
      }
      return email;
    },

    async getActivation(text) {
      const activation = await codes.find('activation', accounts.readEmail(text));
      if (activation === undefined) throw refuse('not-found:activation');
      return activation;
    },

    async logIn(text, password) {
      const row = await findProviderByEmail(reader, accounts.readEmail(text).key);
      return await authenticate(row, password);
    },

    async isSessionOpen({ provider, expiresAt }) {
      const row = await findProvider(reader, provider);
      return row === undefined || expiresAt > row.sessions_ended_until;
    },

    async get(id) {
      const row = await findProvider(reader, id);
      if (row === undefined) throw refuse('not-found:provider');
      return row;
    },

    async update(id, { name, url, description }) {
      const isThere = await storage.work((work) =>
        changeProvider(work, id, {
          ...(name === undefined ? {} : { name }),
          ...(url === undefined ? {} : { url }),
          ...(description === undefined ? {} : { description }),
        }),
      );
      if (!isThere) throw refuse('invalid-provider');
    },

    async changeEmail(id, text) {
      const email = accounts.readEmail(text);
      const provider = await findProvider(reader, id);
      if (provider === undefined) throw refuse('invalid-provider');
      await assertFree(email);
      const { key, code } = await storage.work((work) => codes.begin(work, 'activation', id, email));
      accounts.mailCode({ reason: 'email-change', to: email.text, name: provider.name, key, code });
    },

    async changePassword(id, oldPassword, newPassword) {
      const row = await authenticate(await findProvider(reader, id), oldPassword);
      if (await accounts.verifyPassword(newPassword, row.password_hash)) throw refuse('password-must-differ');
      const password_hash = await accounts.hashPassword(newPassword);
      await storage.work((work) => changeProvider(work, id, { password_hash }));
    },

    async assertPassword(id, password) {
      await authenticate(await findProvider(reader, id), password);
    },
  };
}
