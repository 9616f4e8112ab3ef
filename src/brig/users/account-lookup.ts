import type { TeamId, UserId } from '#contract/ids.ts';
import type { Reader } from '#storage';
import { listAccounts } from './user-store.ts';

/** An own user as other parts ask about it. */
export interface AccountSummary {
  readonly id: UserId;
  readonly team: TeamId | null;
  /** Has a verified identity; false for guests of one conversation. */
  readonly isActivated: boolean;
}

/** Which own users exist. */
export interface AccountLookup {
  /** Those of the users that exist and are not deleted. */
  list(ids: readonly UserId[]): Promise<readonly AccountSummary[]>;
  /** Whether the user exists and is neither ephemeral, nor suspended, nor pending. */
  isActive(id: UserId): Promise<boolean>;
  /** Members of a team, at most `limit`; or which of the named users are. */
  listTeam(team: TeamId, limit: number, only?: readonly UserId[]): Promise<readonly UserId[]>;
}

const present = new Set(['active', 'suspended', 'ephemeral']);

export function createAccountLookup(reader: Reader): AccountLookup {
  const lookup: AccountLookup = {
    async list(ids) {
      const accounts = await listAccounts(reader, ids);
      return accounts
        .filter(({ status }) => present.has(status))
        .map(({ id, team, status }) => ({
          id: id as UserId,
          team: team as TeamId | null,
          isActivated: status !== 'ephemeral',
        }));
    },
    async isActive(id) {
      return (await listAccounts(reader, [id])).some(({ status }) => status === 'active');
    },
    async listTeam(team, limit, only) {
      if (only !== undefined) {
        const named = await lookup.list(only);
        return named.filter((account) => account.team === team).map(({ id }) => id);
      }
      const rows = await reader
        .selectFrom('account')
        .select('id')
        .where('team', '=', team)
        .where('status', 'in', [...present])
        .limit(limit)
        .execute();
      return rows.map(({ id }) => id as UserId);
    },
  };
  return lookup;
}
