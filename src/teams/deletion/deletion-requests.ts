import type { TeamId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader, Storage } from '#storage';
import {
  assertPassword,
  assertPermitted,
  getOwnMember,
  getTargetMember,
  mayDeposeMember,
} from '../members/checks.ts';
import type { TeamAccounts } from '../needs.ts';
import { findTeam } from '../team-store.ts';
import { beginDeletion, listDeletions } from './deletion-store.ts';
import type { Deletions } from './deletions.ts';

/** Who may delete members and whole teams. */
export interface DeletionRequests {
  /**
   * Takes a member out of the team, which ends its account.
   * @throws Refusal `operation-denied`, `no-team-member`, `access-denied`
   */
  removeMember(actor: UserId, team: TeamId, target: UserId, password: string | undefined): Promise<void>;
  /**
   * Deletes a team: at once it has no members any more, and the rest follows. Asked again it is asked for nothing.
   * @throws Refusal `no-team`, `operation-denied`, `no-team-member`, `access-denied`, `code-authentication-required`,
   * `code-authentication-failed`
   */
  removeTeam(actor: UserId, team: TeamId, proof: DeletionProof): Promise<void>;
}

/** What shows that it is the user who asks. */
export interface DeletionProof {
  readonly password: string | undefined;
  /** The mailed code beside it, where the team asks for one. */
  readonly code: string | undefined;
}

interface Needs {
  readonly storage: Storage;
  readonly accounts: () => Pick<TeamAccounts, 'verifyPassword' | 'assertSecondFactor' | 'remove'>;
  readonly deletions: Deletions;
}

export function createDeletionRequests({ storage, accounts, deletions }: Needs): DeletionRequests {
  const { reader } = storage;

  return {
    async removeMember(actor, team, target, password) {
      await assertMayRemove(reader, actor, team, target);
      await assertPassword(accounts(), actor, password);
      await accounts().remove(target, async (work) => {
        await assertMayRemove(work.reader, actor, team, target);
        return true;
      });
    },

    async removeTeam(by, team, { password, code }) {
      if ((await listDeletions(reader, team)).length > 0) return;
      if ((await findTeam(reader, team)) === undefined) throw refuse('no-team');
      assertPermitted(await getOwnMember(reader, team, by), 'DeleteTeam');
      await assertPassword(accounts(), by, password);
      await accounts().assertSecondFactor(by, code);
      await storage.work(async (work) => {
        assertPermitted(await getOwnMember(work.reader, team, by), 'DeleteTeam');
        const deletion = { team, by };
        if (await beginDeletion(work, deletion)) work.onCommit(() => deletions.add(deletion));
      });
    },
  };
}

async function assertMayRemove(
  reader: Reader,
  actorId: UserId,
  team: TeamId,
  targetId: UserId,
): Promise<void> {
  const actor = await getOwnMember(reader, team, actorId);
  assertPermitted(actor, 'RemoveTeamMember');
  const target = await getTargetMember(reader, team, targetId);
  if (!mayDeposeMember(actor, target)) throw refuse('access-denied:resource');
}
