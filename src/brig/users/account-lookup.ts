import type { TeamId, UserId } from '#contract/ids.ts';
import type { Reader } from '#storage';
import { listAccounts } from './user-store.ts';

/** An own user as other parts ask about it. */
export interface AccountSummary {
  readonly id: UserId;
  readonly team: TeamId | null;
  /** Has a verified identity; false for guests of one conversation. */
  readonly isActivated: boolean;
  /** Is a service's bot. */
  readonly isBot: boolean;
}

/** Which own users exist. */
export interface AccountLookup {
  /** Those of the users that exist and are not deleted. */
  list(ids: readonly UserId[]): Promise<readonly AccountSummary[]>;
  /** Whether the user exists and is neither ephemeral, nor suspended, nor pending. */
  isActive(id: UserId): Promise<boolean>;
}

const present = new Set(['active', 'suspended', 'ephemeral']);

export function createAccountLookup(reader: Reader): AccountLookup {
  return {
    async list(ids) {
      const accounts = await listAccounts(reader, ids);
      return accounts
        .filter(({ status }) => present.has(status))
        .map(({ id, team, status, service }) => ({
          id: id as UserId,
          team: team as TeamId | null,
          isActivated: status !== 'ephemeral',
          isBot: service !== null,
        }));
    },
    async isActive(id) {
      return (await listAccounts(reader, [id])).some(({ status }) => status === 'active');
    },
  };
}
