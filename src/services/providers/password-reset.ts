import type { ProviderId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { ProviderCodeRow, ProviderRow, Storage } from '#storage';
import type { ServiceAccounts } from '../needs.ts';
import type { ProviderCodes } from './codes.ts';
import { changeProvider, findProvider, findProviderByEmail } from './provider-store.ts';

/** For a provider that has forgotten its password: a mailed code sets a new one (wire-server's `Brig.Provider.API`). */
export interface ProviderPasswordReset {
  /** Mails a code. @throws Refusal `invalid-email`, `invalid-credentials`, `code-exists`, `too-many-requests` */
  begin(email: string): Promise<void>;
  /** Ends the provider's sessions too. @throws Refusal `invalid-code`, `password-must-differ` */
  complete(key: string, code: string, newPassword: string): Promise<void>;
}

interface Needs {
  readonly storage: Storage;
  readonly accounts: Pick<
    ServiceAccounts,
    'readEmail' | 'mailCode' | 'hashPassword' | 'verifyPassword' | 'lastProviderExpiry'
  >;
  readonly codes: ProviderCodes;
}

export function createProviderPasswordReset({ storage, accounts, codes }: Needs): ProviderPasswordReset {
  /** Who asked for a code. The address may have been left since, and then nothing that went there counts. */
  async function providerOf({ provider, email_key }: ProviderCodeRow): Promise<ProviderRow> {
    const row = await findProvider(storage.reader, provider as ProviderId);
    if (row === undefined || row.email_key !== email_key) throw refuse('invalid-code:verification');
    return row;
  }

  return {
    async begin(text) {
      const row = await findProviderByEmail(storage.reader, accounts.readEmail(text).key);
      if (row === undefined || row.email === null || row.email_key === null)
        throw refuse('invalid-credentials');
      const email = { text: row.email, key: row.email_key };
      const { key, code } = await storage.work((work) =>
        codes.begin(work, 'password-reset', row.id as ProviderId, email),
      );
      accounts.mailCode({ reason: 'password-reset', to: email.text, name: row.name, key, code });
    },

    async complete(key, code, newPassword) {
      const judged = await codes.judge('password-reset', key, code);
      const provider = await providerOf(judged);
      if (await accounts.verifyPassword(newPassword, provider.password_hash))
        throw refuse('password-must-differ');
      const password_hash = await accounts.hashPassword(newPassword);
      await storage.work(async (work) => {
        await codes.spend(work, judged);
        const id = provider.id as ProviderId;
        const endedBefore = (await findProvider(work.reader, id))?.sessions_ended_until ?? 0;
        // A session that began since the last end may expire just a second after it.
        const sessions_ended_until = Math.max(endedBefore + 1, accounts.lastProviderExpiry());
        await changeProvider(work, id, { password_hash, sessions_ended_until });
      });
    },
  };
}
