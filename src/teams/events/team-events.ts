import type { Push } from '#contract/events/push.ts';
import type { TeamEvent, TeamHappening } from '#contract/events/team.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import type { Work } from '#storage';
import type { Events } from '../needs.ts';

/** Puts what happens to a team into the streams of members, or onto their sockets alone (reference events 4). */
export interface TeamEvents {
  /** As it is told now. */
  of(team: TeamId, happening: TeamHappening): TeamEvent;
  /** Stored, so that it is also read later. */
  store(work: Work, to: readonly UserId[], event: TeamEvent): Promise<void>;
  /** Only for who is there to see it. @param origin the session that caused it, which gets an answer instead. */
  show(work: Work, to: readonly UserId[], event: TeamEvent, origin?: Push['origin']): Promise<void>;
}

export function createTeamEvents(events: Events, now: () => number): TeamEvents {
  async function push(work: Work, to: readonly UserId[], rest: Omit<Push, 'recipients'>): Promise<void> {
    const recipients = [...new Set(to)].map((user) => ({ user }));
    if (recipients.length > 0) await events.push(work, { recipients, ...rest });
  }
  return {
    of: (team, happening) => ({ ...happening, team, time: new Date(now()).toISOString() }),
    store: (work, to, event) => push(work, to, { event }),
    show: (work, to, event, origin) => push(work, to, { event, origin, transient: true }),
  };
}
