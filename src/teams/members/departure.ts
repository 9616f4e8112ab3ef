import type { TeamId, UserId } from '#contract/ids.ts';
import type { Reader, Work } from '#storage';
import type { TeamEvents } from '../events/team-events.ts';
import { findFeature } from '../features/feature-store.ts';
import { removeHoldRows } from '../legalhold/device-store.ts';
import type { TeamsSettings } from '../settings.ts';
import { findTeam } from '../team-store.ts';
import { listAdmins, listMembers, removeMember } from './member-store.ts';

interface Needs {
  readonly teamEvents: TeamEvents;
  readonly settings: TeamsSettings;
}

/** Takes a user whose account goes out of its team, in the unit of work of the deletion. */
export type UserDeleted = (work: Work, user: UserId) => Promise<void>;

/** Of a team that is on its way out each member learns just that; of others the rest learns who has left. */
export function createUserDeleted({ teamEvents, settings }: Needs): UserDeleted {
  return async (work, user) => {
    const team = await removeMember(work, user);
    if (team === undefined) return;
    await removeHoldRows(work, user);
    if ((await findTeam(work.reader, team)) === undefined) {
      const deleted = teamEvents.of(team, { type: 'team.delete', data: null });
      return teamEvents.show(work, [user], deleted);
    }
    const left = teamEvents.of(team, { type: 'team.member-leave', data: { user } });
    await teamEvents.show(work, await audienceOf(work.reader, team, settings.fanOutLimit), left);
  };
}

/** Admins where the team wants few events; else everybody, or nobody when those are too many. */
async function audienceOf(reader: Reader, team: TeamId, limit: number): Promise<readonly UserId[]> {
  const { status } = await findFeature(reader, team, 'limitedEventFanout');
  if (status === 'enabled') return listAdmins(reader, team);
  const members = await listMembers(reader, team, limit + 1);
  return members.length > limit ? [] : members.map(({ user }) => user);
}
