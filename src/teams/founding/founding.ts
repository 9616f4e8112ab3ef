import type { TeamId, UserId } from '#contract/ids.ts';
import { permissionsOf, type Team } from '#contract/teams.ts';
import type { Work } from '#storage';
import type { TeamEvents } from '../events/team-events.ts';
import { addMember } from '../members/member-store.ts';
import { addTeam } from '../team-store.ts';

/** What whoever registers says of its new team. */
export interface NewTeam {
  readonly id: TeamId;
  readonly name: string;
  readonly icon: string;
  readonly iconKey: string | undefined;
}

/** Makes a team with its founder as owner, in the unit of work of the founder's registration. */
export type FoundTeam = (work: Work, founder: UserId, team: NewTeam) => Promise<void>;

export function createFoundTeam(teamEvents: TeamEvents): FoundTeam {
  return async (work, founder, { id, name, icon, iconKey }) => {
    const team: Team = {
      id,
      creator: founder,
      name,
      icon,
      ...(iconKey === undefined ? {} : { icon_key: iconKey }),
      binding: true,
      splash_screen: 'default',
    };
    const all = permissionsOf('owner');
    await addTeam(work, team);
    const permissions = { self: all, copy: all };
    const founding = { team: id, user: founder, permissions, invited: undefined };
    await addMember(work, { ...founding, legalholdStatus: 'no_consent' });
    await teamEvents.store(work, [founder], teamEvents.of(id, { type: 'team.create', data: team }));
  };
}
