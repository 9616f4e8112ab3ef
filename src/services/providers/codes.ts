import { randomBytes } from 'node:crypto';
import type { Email } from '#contract/accounts.ts';
import type { ProviderId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { sameSecret } from '#contract/secrets.ts';
import type { ProviderCodeRow, Storage, Work } from '#storage';
import type { ServicesSettings } from '../settings.ts';
import {
  type CodeName,
  type CodePurpose,
  codeKey,
  endCode,
  findCode,
  findNewestCode,
  giveTryBack,
  putCode,
  removeOldCodes,
  takeTry,
} from './code-store.ts';

/**
 * Codes that providers are mailed. Each is good for a time and for a few tries, and the next one of its address can be
 * asked for after a while only; numbers are wire-server's (`Brig.Provider.API`, `Brig.Code`).
 */
export interface ProviderCodes {
  /**
   * Makes a code in place of an earlier one of the address, to be mailed after the commit.
   * @throws Refusal `code-exists` while a password reset is under way, `too-many-requests`; both with `Retry-After`
   */
  begin(work: Work, purpose: CodePurpose, provider: ProviderId, email: Email): Promise<ProviderCodeRow>;
  /** What a right code was made for. A wrong one takes a try. @throws Refusal `invalid-code` */
  judge(purpose: CodePurpose, key: string, code: string): Promise<ProviderCodeRow>;
  /** Uses a right code up. @throws Refusal `invalid-code` when another has used it meanwhile */
  spend(work: Work, row: ProviderCodeRow): Promise<void>;
  /** A code that can be given right now. */
  find(purpose: CodePurpose, email: Email): Promise<ProviderCodeRow | undefined>;
}

interface Needs {
  readonly storage: Storage;
  readonly settings: ServicesSettings;
  readonly now: () => number;
}

/** Codes that may be given for one that was mailed. */
const maxTries = 3;
const codeBytes = 15;

export function createProviderCodes({ storage, settings, now }: Needs): ProviderCodes {
  const delayMs = settings.codeDelaySeconds * 1000;
  const lifetimeMs: Readonly<Record<CodePurpose, number>> = {
    activation: settings.activationSeconds * 1000,
    'password-reset': settings.passwordResetSeconds * 1000,
  };

  async function refuseAnother(work: Work, name: CodeName): Promise<never> {
    const row = await findNewestCode(work.reader, name);
    const isUnderWay = name.purpose === 'password-reset' && row !== undefined && row.expires_at > now();
    const free = row === undefined ? now() : isUnderWay ? row.expires_at : row.sent_at + delayMs;
    const headers = { 'retry-after': String(Math.ceil((free - now()) / 1000)) };
    throw refuse(isUnderWay ? 'code-exists' : 'too-many-requests:verification-code', { headers });
  }

  return {
    async begin(work, purpose, provider, email) {
      const at = now();
      const old = { sentBy: at - delayMs, expiredBy: at };
      await removeOldCodes(work, old);
      const name = { key: codeKey(email.key), purpose };
      const row: ProviderCodeRow = {
        ...name,
        provider,
        email: email.text,
        email_key: email.key,
        code: randomBytes(codeBytes).toString('base64url'),
        tries: maxTries,
        sent_at: at,
        expires_at: at + lifetimeMs[purpose],
      };
      // An activation that is under way gives way to the next: its mail may be lost.
      const expiredBy = purpose === 'activation' ? Number.MAX_SAFE_INTEGER : at;
      return (await putCode(work, row, { ...old, expiredBy })) ? row : await refuseAnother(work, name);
    },

    async judge(purpose, key, code) {
      const name = { key, purpose };
      const judged = await storage.work(async (work) => {
        const row = await takeTry(work, name, now());
        if (row === undefined || !sameSecret(code, row.code)) return undefined;
        await giveTryBack(work, name);
        return row;
      });
      if (judged === undefined) throw refuse('invalid-code:verification');
      return judged;
    },

    async spend(work, row) {
      if (!(await endCode(work, row, now()))) throw refuse('invalid-code:verification');
    },

    find: (purpose, email) => findCode(storage.reader, { key: codeKey(email.key), purpose }, now()),
  };
}
