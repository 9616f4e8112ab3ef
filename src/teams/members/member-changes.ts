import type { Push } from '#contract/events/push.ts';
import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { isAdmin, isWithin, type Permissions, roleOf } from '#contract/teams.ts';
import type { Storage } from '#storage';
import type { TeamEvents } from '../events/team-events.ts';
import { lockTeam } from '../team-store.ts';
import { assertPermitted, getOwnMember, getTargetMember, mayDeposeMember } from './checks.ts';
import { listAdmins, type Member, setPermissions } from './member-store.ts';
import { readPermissions } from './permission-sets.ts';

/** Most owners and admins of a team: wire-server's limit for events that only they get. */
const maxAdmins = 2000;

/** A member of a team, by the session in which it acts. */
export type ActingMember = NonNullable<Push['origin']>;

/** What one member may change of another. */
export interface MemberChanges {
  /**
   * @throws Refusal `bad-request`, `no-team`, `no-team-member`, `operation-denied`, `invalid-permissions`,
   * `access-denied`, `too-many-team-admins`
   */
  setPermissions(actor: ActingMember, team: TeamId, user: UserId, given: Permissions): Promise<void>;
}

interface Needs {
  readonly storage: Storage;
  readonly teamEvents: TeamEvents;
}

export function createMemberChanges({ storage, teamEvents }: Needs): MemberChanges {
  return {
    async setPermissions(origin, team, user, given) {
      const permissions = readPermissions(given);
      await storage.work(async (work) => {
        if ((await lockTeam(work, team)) === undefined) throw refuse('no-team');
        const actor = await getOwnMember(work.reader, team, origin.user);
        assertPermitted(actor, 'SetMemberPermissions');
        if (!isWithin(permissions.self, actor.permissions.copy)) throw refuse('invalid-permissions');
        const target = await getTargetMember(work.reader, team, user);
        assertMayChange(actor, target, permissions);
        const others = (await listAdmins(work.reader, team)).filter((admin) => admin !== user);
        const admins = isAdmin(permissions.self) ? [user, ...others] : others;
        if (admins.length > maxAdmins) throw refuse('too-many-team-admins');
        await setPermissions(work, team, user, permissions);
        const event = teamEvents.of(team, { type: 'team.member-update', data: { user, permissions } });
        await teamEvents.show(work, admins, event, origin);
      });
    },
  };
}

/** An owner stays one until another owner says otherwise, so a team always has one. */
function assertMayChange(actor: Member, target: Member, permissions: Permissions): void {
  const wasOwner = roleOf(target.permissions.self) === 'owner';
  const staysOwner = roleOf(permissions.self) === 'owner';
  if (wasOwner && !staysOwner && !mayDeposeMember(actor, target)) throw refuse('access-denied:resource');
}
