import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { permissionsOf, type TeamRole } from '#contract/teams.ts';
import type { Reader, Work } from '#storage';
import type { Join } from '../members/joining.ts';
import { lockTeam } from '../team-store.ts';
import { findInvitationByCode, takeInvitation } from './invitation-store.ts';

/** Joining a team as a part of becoming a user: by the code of an invitation, or provisioned by a service. */
export interface Acceptance {
  /** The uniqueness key of the address that the code was mailed to; undefined for an unknown code. */
  findInvitee(reader: Reader, code: string): Promise<string | undefined>;
  /**
   * Puts a new user into the team that has invited it, and takes the invitation away.
   * @throws Refusal `invalid-invitation-code`, `too-many-team-members`
   */
  accept(work: Work, code: string, emailKey: string, user: UserId): Promise<TeamId>;
  /** Puts a new user into a team, whoever has invited it. @throws Refusal `no-team`, `too-many-team-members` */
  enlist(work: Work, team: TeamId, user: UserId, role: TeamRole): Promise<void>;
}

interface Needs {
  readonly join: Join;
  readonly now: () => number;
}

export function createAcceptance({ join, now }: Needs): Acceptance {
  return {
    async findInvitee(reader, code) {
      return (await findInvitationByCode(reader, code, now()))?.email_key;
    },

    async accept(work, code, emailKey, user) {
      const invitation = await takeInvitation(work, code, now());
      if (invitation === undefined || invitation.email_key !== emailKey) throw unknownCode();
      const team = invitation.team as TeamId;
      if ((await lockTeam(work, team)) === undefined) throw unknownCode();
      const set = permissionsOf(invitation.role as TeamRole);
      const invited = { by: invitation.created_by as UserId, at: invitation.created_at };
      await join(work, { team, user, permissions: { self: set, copy: set }, invited });
      return team;
    },

    async enlist(work, team, user, role) {
      if ((await lockTeam(work, team)) === undefined) throw refuse('no-team');
      const set = permissionsOf(role);
      await join(work, { team, user, permissions: { self: set, copy: set }, invited: undefined });
    },
  };
}

function unknownCode() {
  return refuse('invalid-invitation-code', {
    message: 'team_code: no open invitation of this address has this code',
  });
}
