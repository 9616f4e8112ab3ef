/**
 * Teams: who is in them and what for, and which features their members have.
 *
 * It owns teams, memberships with their permissions, feature flags, and who is under legal hold. It must never know how users log in, nor what
 * is in conversations; accounts carry the id of their team for reading, and what changes it comes from here.
 *
 * Start reading at `members/member-store.ts` (the one place that says who is a member), `members/checks.ts` (who may do
 * what), `features/feature-flags.ts` and `legalhold/holds.ts`.
 */
import type { ServedRoute } from '#contract/route.ts';
import { createDeletionRequests } from './deletion/deletion-requests.ts';
import { createDeletions } from './deletion/deletions.ts';
import { createTeamEvents } from './events/team-events.ts';
import { createApplyFeature } from './features/feature-effects.ts';
import { createFeatureFlags, type FeatureFlags } from './features/feature-flags.ts';
import { createFoundTeam, type FoundTeam } from './founding/founding.ts';
import { createTeamChanges } from './founding/team-changes.ts';
import { type Acceptance, createAcceptance } from './invitations/acceptance.ts';
import { createInvitations } from './invitations/invitations.ts';
import { createHoldEnding } from './legalhold/hold-ending.ts';
import { createHolds } from './legalhold/holds.ts';
import { createLegalholdLookup, type LegalholdLookup } from './legalhold/legalhold-lookup.ts';
import { createLegalholdRules } from './legalhold/rules.ts';
import { createServiceCalls } from './legalhold/service.ts';
import { createServiceSettings } from './legalhold/service-settings.ts';
import { createSettling } from './legalhold/settling.ts';
import { createUserDeleted, type UserDeleted } from './members/departure.ts';
import { createJoin } from './members/joining.ts';
import { createMemberChanges } from './members/member-changes.ts';
import { createMemberExport } from './members/member-export.ts';
import { createMemberList } from './members/member-list.ts';
import { type MemberLookup, memberLookup } from './members/member-lookup.ts';
import type { TeamsNeeds } from './needs.ts';
import { featureRoutes, internalFeatureRoutes } from './routes/features.ts';
import { internalTeamRoutes } from './routes/internal-teams.ts';
import { internalInvitationRoutes, invitationRoutes } from './routes/invitations.ts';
import { internalLegalholdRoutes, legalholdRoutes } from './routes/legalhold.ts';
import { teamNotificationRoutes } from './routes/notifications.ts';
import { searchVisibilityRoutes } from './routes/search-visibility.ts';
import { teamRoutes } from './routes/teams.ts';
import { createTeamSearch, type TeamSearch } from './search/search-visibility.ts';
import { defaultSettings, type TeamsSettings } from './settings.ts';

export type { FeatureFlags } from './features/feature-flags.ts';
export type { LegalholdLookup } from './legalhold/legalhold-lookup.ts';
export type { MemberLookup } from './members/member-lookup.ts';
export type { TeamConversations, TeamsNeeds } from './needs.ts';
export type { LegalholdPolicy, TeamsSettings } from './settings.ts';

export interface Teams extends AsyncDisposable {
  /** Goes on with what an earlier process has left, once those are there who are needed for it. */
  resume(): Promise<void>;
  /** For the client listener. */
  readonly routes: readonly ServedRoute[];
  /** For the operations listener. */
  readonly internalRoutes: readonly ServedRoute[];
  readonly features: FeatureFlags;
  readonly members: MemberLookup;
  readonly found: FoundTeam;
  readonly acceptance: Acceptance;
  readonly search: TeamSearch;
  readonly userDeleted: UserDeleted;
  readonly legalhold: LegalholdLookup;
}

/** Opens teams. */
export function openTeams(needs: TeamsNeeds): Teams {
  const { storage, events, accounts, conversations, queueIds, now = Date.now } = needs;
  const settings: TeamsSettings = { ...defaultSettings, ...needs.settings };
  const teamEvents = createTeamEvents(events, now);
  const oldest = () => (now() - settings.queueSeconds * 1000) * 1000;
  const legalholdRules = createLegalholdRules(settings);
  const own = { storage, events, accounts, conversations, queueIds, settings, teamEvents, now, oldest };
  const base = { ...own, legalholdRules };
  const settling = createSettling(base);
  const serviceCalls = createServiceCalls({ callService: needs.callService, accounts });
  const holdEnding = createHoldEnding({ ...base, serviceCalls, settling });
  const features = createFeatureFlags({ ...base, applyFeature: createApplyFeature(accounts), holdEnding });
  const search = createTeamSearch(storage);
  const join = createJoin(base);
  const deletions = createDeletions(base);
  const parts = {
    ...base,
    features,
    join,
    teamChanges: createTeamChanges(base),
    memberList: createMemberList(storage.reader),
    memberExport: createMemberExport(storage.reader, accounts),
    memberChanges: createMemberChanges(base),
    invitations: createInvitations(base),
    deletionRequests: createDeletionRequests({ ...base, deletions }),
    serviceSettings: createServiceSettings({ ...base, serviceCalls }),
    holds: createHolds({ ...base, serviceCalls, settling, holdEnding }),
    holdEnding,
  };
  return {
    routes: [
      ...teamRoutes(parts),
      ...invitationRoutes(parts),
      ...teamNotificationRoutes(parts),
      ...searchVisibilityRoutes(search),
      ...featureRoutes(parts),
      ...legalholdRoutes(parts),
    ],
    internalRoutes: [
      ...internalTeamRoutes(parts),
      ...internalInvitationRoutes(parts),
      ...internalFeatureRoutes(parts),
      ...internalLegalholdRoutes(parts),
    ],
    features,
    members: memberLookup,
    search,
    found: createFoundTeam(teamEvents),
    acceptance: createAcceptance({ join, now }),
    userDeleted: createUserDeleted(base),
    legalhold: createLegalholdLookup(settings),
    async resume() {
      await deletions.start();
      await settling.start();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([deletions[Symbol.asyncDispose](), settling[Symbol.asyncDispose]()]);
    },
  };
}
