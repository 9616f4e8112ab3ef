import type { TeamUpdate } from '#contract/client/teams.ts';
import type { TeamId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import type { TeamEvents } from '../events/team-events.ts';
import { assertPermitted, getOwnMember } from '../members/checks.ts';
import type { ActingMember } from '../members/member-changes.ts';
import { listAdmins } from '../members/member-store.ts';
import { changeTeam } from '../team-store.ts';

/** What may change of a team after it was founded. */
export interface TeamChanges {
  /** @throws Refusal `bad-request` for an update of nothing, `no-team-member`, `operation-denied` */
  update(actor: ActingMember, team: TeamId, update: TeamUpdate): Promise<void>;
}

interface Needs {
  readonly storage: Storage;
  readonly teamEvents: TeamEvents;
}

export function createTeamChanges({ storage, teamEvents }: Needs): TeamChanges {
  return {
    async update(origin, team, { name, icon, icon_key, splash_screen }) {
      const given = { name, icon, icon_key, splash_screen };
      const data = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      if (Object.keys(data).length === 0) {
        throw refuse('bad-request', {
          message: 'body: found none of name, icon, icon_key and splash_screen, expected one of them',
        });
      }
      await storage.work(async (work) => {
        assertPermitted(await getOwnMember(work.reader, team, origin.user), 'SetTeamData');
        await changeTeam(work, team, data);
        const admins = await listAdmins(work.reader, team);
        const event = teamEvents.of(team, { type: 'team.update', data });
        await teamEvents.show(work, [origin.user, ...admins], event, origin);
      });
    },
  };
}
