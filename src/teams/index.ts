/**
 * Teams: who is in them and what for, and which features their members have.
 *
 * It owns teams, memberships with their permissions, and feature flags. It must never know how users log in, nor what
 * is in conversations; accounts carry the id of their team for reading, and what changes it comes from here.
 *
 * Start reading at `members/member-store.ts` (the one place that says who is a member), `members/checks.ts` (who may do
 * what) and `features/feature-flags.ts`.
 */
import type { ServedRoute } from '#contract/route.ts';
import { createTeamEvents } from './events/team-events.ts';
import { createFeatureFlags, type FeatureFlags } from './features/feature-flags.ts';
import { createFoundTeam, type FoundTeam } from './founding/founding.ts';
import { createTeamChanges } from './founding/team-changes.ts';
import { createUserDeleted, type UserDeleted } from './members/departure.ts';
import { createMemberChanges } from './members/member-changes.ts';
import { createMemberList } from './members/member-list.ts';
import { type MemberLookup, memberLookup } from './members/member-lookup.ts';
import type { TeamsNeeds } from './needs.ts';
import { featureRoutes, internalFeatureRoutes } from './routes/features.ts';
import { teamRoutes } from './routes/teams.ts';
import { defaultSettings, type TeamsSettings } from './settings.ts';

export type { FeatureFlags } from './features/feature-flags.ts';
export type { MemberLookup } from './members/member-lookup.ts';
export type { TeamsNeeds } from './needs.ts';
export type { TeamsSettings } from './settings.ts';

export interface Teams {
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
  /** For the operations listener. */
  readonly internalRoutes: readonly ServedRoute[];
  readonly features: FeatureFlags;
  readonly members: MemberLookup;
  readonly found: FoundTeam;
  readonly userDeleted: UserDeleted;
}

export function createTeams(needs: TeamsNeeds): Teams {
  const { storage, events, now = Date.now } = needs;
  const settings: TeamsSettings = { ...defaultSettings, ...needs.settings };
  const teamEvents = createTeamEvents(events, now);
  const base = { storage, events, settings, teamEvents };
  const features = createFeatureFlags(base);
  const parts = {
    ...base,
    features,
    teamChanges: createTeamChanges(base),
    memberList: createMemberList(storage.reader),
    memberChanges: createMemberChanges(base),
  };
  return {
    routes: [...teamRoutes(parts), ...featureRoutes(parts)],
    internalRoutes: internalFeatureRoutes(parts),
    features,
    members: memberLookup,
    found: createFoundTeam(teamEvents),
    userDeleted: createUserDeleted(base),
  };
}
