import type { Feature, FeatureName } from '#contract/features.ts';
import type { TeamId } from '#contract/ids.ts';
import type { SearchVisibility } from '#contract/teams.ts';
import type { Work } from '#storage';
import type { TeamAccounts } from '../needs.ts';
import { changeTeam } from '../team-store.ts';

/** What a feature changes here beside what clients are told of it; in the unit of work of its change. */
export type ApplyFeature = (work: Work, team: TeamId, name: FeatureName, wanted: Feature) => Promise<void>;

export function createApplyFeature(accounts: () => Pick<TeamAccounts, 'setSearchable'>): ApplyFeature {
  return async (work, team, name, { status }) => {
    if (name === 'searchVisibilityInbound') await accounts().setSearchable(work, team, status === 'enabled');
    if (name === 'searchVisibility' && status === 'disabled') {
      await changeTeam(work, team, { search_visibility: 'standard' satisfies SearchVisibility });
    }
  };
}
