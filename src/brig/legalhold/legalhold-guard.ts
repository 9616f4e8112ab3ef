import type { UserId } from '#contract/ids.ts';
import { areOverheard } from '#contract/legalhold.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader } from '#storage';
import type { AccountTeams } from '../accounts/team-needs.ts';

/** Whether somebody may have keys of own users, as the policy about legal hold says (reference client-api 9.4). */
export interface LegalholdGuard {
  /** @throws Refusal `missing-legalhold-consent` */
  assertMayClaim(claimant: UserId, targets: readonly UserId[]): Promise<void>;
}

/** Where one of the users is listened to, all have to have consented. */
export function createLegalholdGuard(
  reader: Reader,
  teams: Pick<AccountTeams, 'legalholdStatusesOf'>,
): LegalholdGuard {
  return {
    async assertMayClaim(claimant, targets) {
      const users = [...new Set([claimant, ...targets])];
      if (areOverheard(users, await teams.legalholdStatusesOf(reader, users))) {
        throw refuse('missing-legalhold-consent');
      }
    },
  };
}
