import type { UserId } from '#contract/ids.ts';
import { isHeld } from '#contract/legalhold.ts';
import type { Storage } from '#storage';
import { findMembership } from '../members/member-store.ts';
import type { TeamAccounts, TeamConversations } from '../needs.ts';
import { untilDone } from '../retrying.ts';
import { legalholdSettlingFailed } from '../telemetry.ts';
import { listUnsettled, removeUnsettled } from './device-store.ts';

/**
 * Brings connections and conversations of members in line with their legal hold status, after it was changed (reference
 * client-api 9.4). The change itself comes first, so that everybody who is asked to connect or to join meets it;
 * what is together already is then taken apart, in small units of work that find what is left to do. A crash in the
 * middle loses nothing: the next start goes on.
 */
export interface Settling extends AsyncDisposable {
  /** Resolves when everything fits. */
  settle(user: UserId): Promise<void>;
  /** Takes up what an earlier process has left. */
  start(): Promise<void>;
}

interface Needs {
  readonly storage: Storage;
  readonly accounts: () => Pick<TeamAccounts, 'connections'>;
  readonly conversations: Pick<TeamConversations, 'part'>;
}

export function createSettling({ storage, accounts, conversations }: Needs): Settling {
  const closing = new AbortController();
  let working: Promise<void> | undefined;

  const statusOf = async (reader: Storage['reader'], user: UserId) =>
    (await findMembership(reader, user))?.legalholdStatus;

  /** False when the status has changed meanwhile. */
  async function attempt(user: UserId): Promise<boolean> {
    const held = isHeld(await statusOf(storage.reader, user));
    if (held) {
      await accounts().connections.suspend(user);
      await conversations.part(user);
    } else await accounts().connections.resume(user);
    return await storage.work(async (work) => {
      if (isHeld(await statusOf(work.reader, user)) !== held) return false;
      await removeUnsettled(work, user);
      return true;
    });
  }

  async function settle(user: UserId): Promise<void> {
    while (!(await attempt(user)));
  }

  async function workThrough(users: readonly UserId[]): Promise<void> {
    for (const user of users) {
      await untilDone(
        () => settle(user),
        (error) => legalholdSettlingFailed(user, error),
        closing.signal,
      );
    }
  }

  return {
    settle,
    async start() {
      working = workThrough(await listUnsettled(storage.reader));
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await working;
    },
  };
}
