import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Work } from '#storage';
import type { TeamEvents } from '../events/team-events.ts';
import { addToQueue } from '../queue/team-queue.ts';
import type { TeamsSettings } from '../settings.ts';
import { addMember, countMembers, listAdmins, type Member } from './member-store.ts';

interface Needs {
  readonly teamEvents: TeamEvents;
  readonly settings: TeamsSettings;
  readonly now: () => number;
  oldest(): number;
}

/**
 * Adds a member to a team that is locked. It and the admins are told; those who were away read it in the queue.
 * @throws Refusal `too-many-team-members`
 */
export type Join = (work: Work, member: Omit<Member, 'legalholdStatus'>) => Promise<void>;

export function createJoin({ teamEvents, settings, now, oldest }: Needs): Join {
  async function tell(work: Work, team: TeamId, user: UserId): Promise<void> {
    const event = teamEvents.of(team, { type: 'team.member-join', data: { user } });
    await teamEvents.show(work, [user, ...(await listAdmins(work.reader, team))], event);
    await addToQueue(work, team, event, { nowMs: now(), oldest: oldest() });
  }
  return async (work, member) => {
    const { team, user } = member;
    if ((await countMembers(work.reader, team)) >= settings.maxTeamSize) {
      throw refuse('too-many-team-members');
    }
    await addMember(work, member);
    await tell(work, team, user);
  };
}
