import type { TeamId, UserId } from '#contract/ids.ts';
import { isHeld } from '#contract/legalhold.ts';
import type { Storage } from '#storage';
import { findMember, listHeldMembers, setLegalholdStatus } from '../members/member-store.ts';
import type { TeamAccounts } from '../needs.ts';
import { lockTeam } from '../team-store.ts';
import { addUnsettled, removeDevice } from './device-store.ts';
import type { ServiceCalls } from './service.ts';
import { findService, removeService } from './service-store.ts';
import type { Settling } from './settling.ts';

/** How legal hold ends. */
export interface HoldEnding {
  /** Of a member; false when it was not under it. A service that cannot be told keeps nobody under legal hold. */
  end(team: TeamId, user: UserId): Promise<boolean>;
  /** Of all members of a team, whose service is forgotten. Broken off, it goes on when it is asked for again. */
  endAll(team: TeamId): Promise<void>;
}

interface Needs {
  readonly storage: Storage;
  readonly accounts: () => Pick<TeamAccounts, 'legalhold'>;
  readonly serviceCalls: Pick<ServiceCalls, 'remove'>;
  readonly settling: Settling;
}

const membersAtOnce = 100;

export function createHoldEnding({ storage, accounts, serviceCalls, settling }: Needs): HoldEnding {
  const { reader } = storage;

  async function end(team: TeamId, user: UserId): Promise<boolean> {
    const service = await findService(reader, team);
    if (service !== undefined) await serviceCalls.remove(service, user);
    const wasHeld = await storage.work(async (work) => {
      await lockTeam(work, team);
      const member = await findMember(work.reader, team, user);
      if (!isHeld(member?.legalholdStatus)) return false;
      await accounts().legalhold.end(work, user);
      await removeDevice(work, user);
      await setLegalholdStatus(work, user, 'disabled');
      await addUnsettled(work, user);
      return true;
    });
    if (wasHeld) await settling.settle(user);
    return wasHeld;
  }

  /** False when somebody has come under legal hold meanwhile. */
  function forget(team: TeamId): Promise<boolean> {
    return storage.work(async (work) => {
      await lockTeam(work, team);
      if ((await listHeldMembers(work.reader, team, 1)).length > 0) return false;
      await removeService(work, team);
      return true;
    });
  }

  return {
    end,
    async endAll(team) {
      do {
        for (const { user } of await listHeldMembers(reader, team, membersAtOnce)) await end(team, user);
      } while (!(await forget(team)));
    },
  };
}
