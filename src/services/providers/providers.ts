import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { NewProvider, ProviderUpdate } from '#contract/client/providers.ts';
import type { ProviderId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { isUniqueViolation, type ProviderActivationRow, type ProviderRow, type Storage } from '#storage';
import type { ServiceAccounts } from '../needs.ts';
import type { ServicesSettings } from '../settings.ts';
import {
  activationKey,
  changeProvider,
  findActivation,
  findProvider,
  findProviderByEmail,
  giveTryBack,
  insertProvider,
  putActivation,
  takeTry,
} from './provider-store.ts';

export interface Registered {
  readonly id: ProviderId;
  /** One that was made. */
  readonly password: string | undefined;
}

/** Who provides services (reference client-api 9.5). */
export interface Providers {
  /** @throws Refusal `invalid-email`, `email-exists` */
  register(body: NewProvider): Promise<Registered>;
  /**
   * Makes a mailed address that of its provider; undefined when it is so already.
   * @throws Refusal `invalid-code`, `email-exists`
   */
  activate(key: string, code: string): Promise<string | undefined>;
  /** For operators. @throws Refusal `invalid-email`, `not-found` */
  getActivation(email: string): Promise<ProviderActivationRow>;
  /** @throws Refusal `invalid-credentials` */
  logIn(email: string, password: string): Promise<ProviderId>;
  /** @throws Refusal `not-found` */
  get(id: ProviderId): Promise<ProviderRow>;
  /** @throws Refusal `invalid-provider` */
  update(id: ProviderId, update: ProviderUpdate): Promise<void>;
  /** @throws Refusal `invalid-credentials`, `password-must-differ` */
  changePassword(id: ProviderId, oldPassword: string, newPassword: string): Promise<void>;
  /** @throws Refusal `invalid-credentials` */
  assertPassword(id: ProviderId, password: string): Promise<void>;
}

interface Needs {
  readonly storage: Storage;
  readonly accounts: ServiceAccounts;
  readonly settings: ServicesSettings;
  readonly now: () => number;
}

const passwordBytes = 18;

export function createProviders({ storage, accounts, settings, now }: Needs): Providers {
  const { reader } = storage;

  /** Passwords are judged outside of units of work. Returns the hash that was found right. */
  async function authenticate(row: ProviderRow | undefined, password: string): Promise<string> {
    const hash = row?.password_hash ?? null;
    if (!(await accounts.verifyPassword(password, hash)) || hash === null)
      throw refuse('invalid-credentials');
    return hash;
  }

  async function judge(key: string, code: string): Promise<ProviderActivationRow | undefined> {
    return await storage.work(async (work) => {
      const activation = await takeTry(work, key, now());
      if (activation === undefined || !isSame(code, activation.code)) return undefined;
      await giveTryBack(work, key);
      return activation;
    });
  }

  return {
    async register(body) {
      const email = accounts.readEmail(body.email);
      if ((await findProviderByEmail(reader, email.key)) !== undefined) throw refuse('email-exists');
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
      };
      const activation = await storage.work(async (work) => {
        await insertProvider(work, row);
        const expiresAt = now() + settings.activationSeconds * 1000;
        return await putActivation(work, id, email, { now: now(), expiresAt });
      });
      const { key, code } = activation;
      accounts.mailActivation({ to: email.text, name: body.name, key, code });
      return { id, password: made };
    },

    async activate(key, code) {
      const activation = await judge(key, code);
      if (activation === undefined) throw refuse('invalid-code:verification');
      const { email, email_key } = activation;
      const id = activation.provider as ProviderId;
      const provider = await findProvider(reader, id);
      if (provider === undefined) throw refuse('invalid-code:verification');
      if (provider.email_key === email_key) return undefined;
      try {
        await storage.work((work) => changeProvider(work, id, { email, email_key }));
      } catch (cause) {
        if (isUniqueViolation(cause)) throw refuse('email-exists', { cause });
        throw cause;
      }
      return email;
    },

    async getActivation(text) {
      const activation = await findActivation(reader, activationKey(accounts.readEmail(text).key), now());
      if (activation === undefined) throw refuse('not-found:activation');
      return activation;
    },

    async logIn(text, password) {
      const row = await findProviderByEmail(reader, accounts.readEmail(text).key);
      await authenticate(row, password);
      return row?.id as ProviderId;
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

    async changePassword(id, oldPassword, newPassword) {
      const hash = await authenticate(await findProvider(reader, id), oldPassword);
      if (await accounts.verifyPassword(newPassword, hash)) throw refuse('password-must-differ');
      const password_hash = await accounts.hashPassword(newPassword);
      await storage.work((work) => changeProvider(work, id, { password_hash }));
    },

    async assertPassword(id, password) {
      await authenticate(await findProvider(reader, id), password);
    },
  };
}

/** In constant time; hashing gives both the one length. */
function isSame(given: string, known: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(known));
}
