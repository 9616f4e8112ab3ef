/**
 * Teams: which features the members of a team have.
 *
 * It owns the feature flags of teams and their defaults. It must never know of conversations, nor of how users log in;
 * who is in a team it asks of whoever keeps the accounts.
 *
 * Start reading at `features/feature-flags.ts`.
 */
import type { Push } from '#contract/events/push.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import type { Storage, Work } from '#storage';
import { createFeatureFlags, type FeatureFlags } from './features/feature-flags.ts';
import { featureRoutes, internalFeatureRoutes } from './routes/features.ts';

export type { FeatureFlags } from './features/feature-flags.ts';

/** Who is in which team. */
export interface TeamMembership {
  teamOf(user: UserId): Promise<TeamId | undefined>;
  /** Whether a member of the team may change its settings. */
  mayAdminister(user: UserId, team: TeamId): Promise<boolean>;
  /** At most `limit` members. */
  listMembers(team: TeamId, limit: number): Promise<readonly UserId[]>;
}

/** What teams needs of others. */
export interface TeamsNeeds {
  readonly storage: Storage;
  readonly membership: TeamMembership;
  /** Puts events into the streams of own users. */
  readonly events: { push(work: Work, push: Push): Promise<void> };
}

export interface Teams {
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
  /** For the operations listener. */
  readonly internalRoutes: readonly ServedRoute[];
  readonly features: FeatureFlags;
}

export function createTeams(needs: TeamsNeeds): Teams {
  const features = createFeatureFlags(needs);
  const parts = { ...needs, features };
  return { routes: featureRoutes(parts), internalRoutes: internalFeatureRoutes(parts), features };
}
