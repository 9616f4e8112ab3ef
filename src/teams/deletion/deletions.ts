import type { TeamId } from '#contract/ids.ts';
import type { Storage } from '#storage';
import { removeMember } from '../members/member-store.ts';
import type { TeamAccounts, TeamConversations } from '../needs.ts';
import { untilDone } from '../retrying.ts';
import { deletionFailed, teamDeleted } from '../telemetry.ts';
import { type Deletion, listDeletions, listLeft, removeTeam } from './deletion-store.ts';

/**
 * Takes teams apart that were deleted: first their conversations, so that whoever is outside learns of their end, then
 * the accounts of all members, then the rest. Each step is a unit of work that finds what is left, so a crash in the
 * middle loses nothing and repeats nothing; the next start goes on. One team after the other: nobody waits for it.
 */
export interface Deletions extends AsyncDisposable {
  /** Takes up what an earlier process has left. */
  start(): Promise<void>;
  add(deletion: Deletion): void;
}

interface Needs {
  readonly storage: Storage;
  readonly accounts: () => Pick<TeamAccounts, 'remove' | 'setSearchable'>;
  readonly conversations: TeamConversations;
}

const membersAtOnce = 100;

export function createDeletions({ storage, accounts, conversations }: Needs): Deletions {
  const closing = new AbortController();
  const { signal } = closing;
  const waiting = new Map<TeamId, Deletion>();
  let working: Promise<void> | undefined;

  async function removeMembers(team: TeamId): Promise<void> {
    for (;;) {
      const left = await listLeft(storage.reader, team, membersAtOnce);
      if (left.length === 0) return;
      for (const user of left) {
        signal.throwIfAborted();
        if (await accounts().remove(user, async () => true)) continue;
        await storage.work((work) => removeMember(work, user));
      }
    }
  }

  async function finish({ team, by }: Deletion): Promise<void> {
    await conversations.end(team, by, signal);
    await removeMembers(team);
    // What a member was about to make when the team was deleted.
    await conversations.end(team, by, signal);
    await storage.work(async (work) => {
      await accounts().setSearchable(work, team, false);
      await removeTeam(work, team);
    });
    teamDeleted(team);
  }

  async function finishUntilDone(deletion: Deletion): Promise<void> {
    await untilDone(
      () => finish(deletion),
      (error) => deletionFailed(deletion.team, error),
      signal,
    );
  }

  async function workThrough(): Promise<void> {
    for (const [team, deletion] of waiting) {
      await finishUntilDone(deletion);
      waiting.delete(team);
    }
    working = undefined;
  }

  function add(deletion: Deletion): void {
    if (signal.aborted || waiting.has(deletion.team)) return;
    waiting.set(deletion.team, deletion);
    working ??= workThrough();
  }

  return {
    add,
    async start() {
      for (const deletion of await listDeletions(storage.reader)) add(deletion);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await working;
    },
  };
}
