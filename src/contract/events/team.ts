import type { TeamUpdate } from '../client/teams.ts';
import type { TeamId, UserId } from '../ids.ts';
import type { Permissions, Team } from '../teams.ts';
import type { ClientEvent } from './push.ts';

/** What happens to a team (reference events 4). */
export type TeamHappening =
  | { readonly type: 'team.create'; readonly data: Team }
  | { readonly type: 'team.update'; readonly data: TeamUpdate }
  | { readonly type: 'team.delete'; readonly data: null }
  | { readonly type: 'team.member-join'; readonly data: { readonly user: UserId } }
  | { readonly type: 'team.member-leave'; readonly data: { readonly user: UserId } }
  | {
      readonly type: 'team.member-update';
      readonly data: { readonly user: UserId; readonly permissions: Permissions };
    };

export type TeamEvent = TeamHappening & ClientEvent & { readonly team: TeamId; readonly time: string };
