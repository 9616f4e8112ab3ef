import type { TeamId } from '#contract/ids.ts';
import type { LegalholdStatus } from '#contract/profiles.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader } from '#storage';
import { findFeature } from '../features/feature-store.ts';
import { countMembers } from '../members/member-store.ts';
import type { TeamsSettings } from '../settings.ts';
import { isListed } from './listed-teams.ts';

/** Which teams have legal hold, as the operator's policy says (reference client-api 9.2 and 9.4). */
export interface LegalholdRules {
  isEnabled(reader: Reader, team: TeamId): Promise<boolean>;
  /** @throws Refusal `legalhold-not-enabled` */
  assertEnabled(reader: Reader, team: TeamId): Promise<void>;
  /**
   * A team may turn it on and off.
   * @throws Refusal `legalhold-not-enabled`, `legalhold-whitelisted-only`, `too-large-team-for-legalhold`
   */
  assertMaySet(reader: Reader, team: TeamId, enabled: boolean): Promise<void>;
  /** Another member fits into the team. @throws Refusal `too-many-members-for-legalhold` */
  assertRoom(reader: Reader, team: TeamId, members: number): Promise<void>;
  /** How somebody who joins the team stands to it: members of listed teams consent by being members. */
  statusOnJoining(reader: Reader, team: TeamId): Promise<LegalholdStatus>;
}

export function createLegalholdRules({ legalhold, fanOutLimit }: TeamsSettings): LegalholdRules {
  async function isEnabled(reader: Reader, team: TeamId): Promise<boolean> {
    if (legalhold === 'disabled-permanently') return false;
    if (legalhold === 'disabled-by-default') {
      return (await findFeature(reader, team, 'legalhold')).status === 'enabled';
    }
    return isListed(reader, team);
  }
  return {
    isEnabled,
    async assertEnabled(reader, team) {
      if (!(await isEnabled(reader, team))) throw refuse('legalhold-not-enabled');
    },
    async assertMaySet(reader, team, enabled) {
      if (legalhold === 'disabled-permanently') throw refuse('legalhold-not-enabled');
      if (legalhold !== 'disabled-by-default') throw refuse('legalhold-whitelisted-only');
      if (enabled && (await countMembers(reader, team)) > fanOutLimit) {
        throw refuse('too-large-team-for-legalhold');
      }
    },
    async assertRoom(reader, team, members) {
      // A team turns it off by going through all of its members.
      if (members < fanOutLimit || !(await isEnabled(reader, team))) return;
      throw refuse('too-many-members-for-legalhold');
    },
    async statusOnJoining(reader, team) {
      if (legalhold !== 'whitelist-teams-and-implicit-consent') return 'no_consent';
      return (await isListed(reader, team)) ? 'disabled' : 'no_consent';
    },
  };
}
