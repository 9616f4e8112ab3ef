import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Work } from '#storage';
import type { TeamEvents } from '../events/team-events.ts';
import type { LegalholdRules } from '../legalhold/rules.ts';
import { addToQueue } from '../queue/team-queue.ts';
import type { TeamsSettings } from '../settings.ts';
import { addMember, countMembers, listAdmins, type Member } from './member-store.ts';

interface Needs {
  readonly teamEvents: TeamEvents;
  readonly settings: TeamsSettings;
  readonly legalholdRules: LegalholdRules;
  readonly now: () => number;
  oldest(): number;
}

/**
 * Adds a member to a team that is locked. It and the admins are told; those who were away read it in the queue.
 * @throws Refusal `too-many-team-members`, `too-many-members-for-legalhold`
 */
export type Join = (work: Work, member: Omit<Member, 'legalholdStatus'>) => Promise<void>;

export function createJoin({ teamEvents, settings, legalholdRules, now, oldest }: Needs): Join {
  async function tell(work: Work, team: TeamId, user: UserId): Promise<void> {
    const event = teamEvents.of(team, { type: 'team.member-join', data: { user } });
    await teamEvents.show(work, [user, ...(await listAdmins(work.reader, team))], event);
    await addToQueue(work, team, event, { nowMs: now(), oldest: oldest() });
  }
  return async (work, member) => {
    const { team, user } = member;
    const members = await countMembers(work.reader, team);
    if (members >= settings.maxTeamSize) throw refuse('too-many-team-members');
    await legalholdRules.assertRoom(work.reader, team, members);
    const legalholdStatus = await legalholdRules.statusOnJoining(work.reader, team);
    await addMember(work, { ...member, legalholdStatus });
    await tell(work, team, user);
  };
}
