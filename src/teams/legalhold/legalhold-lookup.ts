import type { UserId } from '#contract/ids.ts';
import type { LegalholdStatuses } from '#contract/legalhold.ts';
import type { Reader } from '#storage';
import { listLegalholdStatuses } from '../members/member-store.ts';
import type { TeamsSettings } from '../settings.ts';

/** How users stand to legal hold, as other parts ask about it. */
export interface LegalholdLookup {
  /** Users without a team, and everybody where there is no legal hold, are left out. */
  statusesOf(reader: Reader, users: readonly UserId[]): Promise<LegalholdStatuses>;
}

export function createLegalholdLookup({ legalhold }: TeamsSettings): LegalholdLookup {
  if (legalhold === 'disabled-permanently') return { statusesOf: async () => new Map() };
  return { statusesOf: listLegalholdStatuses };
}
