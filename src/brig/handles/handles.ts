import type { Handle, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader, Storage, Work } from '#storage';
import { changeAccount, lockAccount, workRefusingTaken } from '../accounts/account-store.ts';
import { hasIdentity } from '../accounts/identity.ts';
import type { UserEvents } from '../accounts/user-events.ts';
import type { Origin } from '../connections/needs.ts';
import { indexAccount } from '../search/search-index.ts';
import { parseHandle, readHandle } from './handle-rules.ts';

export interface HandleNeeds {
  readonly storage: Storage;
  readonly userEvents: UserEvents;
  readonly reservationSeconds: number;
  readonly now: () => number;
}

/** Who may take which handle (reference client-api 2.8). */
export interface Handles {
  /**
   * Gives a user a handle and releases the one it had.
   * @param asker `user` for the client API; an operator may also name users without an identity or managed by SCIM.
   * @throws Refusal `invalid-handle`, `not-found:user`, `no-identity`, `managed-by-scim`, `handle-exists`.
   */
  set(userId: UserId, handle: string, asker: 'user' | 'operator', origin?: Origin): Promise<void>;
  /**
   * Takes a handle for an account that is being made with it.
   * @throws Refusal `invalid-handle`, `handle-exists`.
   */
  claim(work: Work, userId: UserId, handle: string): Promise<Handle>;
  /** @throws Refusal `invalid-handle`. */
  isTaken(userId: UserId, handle: string): Promise<boolean>;
  /** Those of the given texts that are handles and free, in their order, at most `limit`. */
  listFree(userId: UserId, handles: readonly string[], limit: number): Promise<readonly Handle[]>;
}

export function createHandles({ storage, userEvents, reservationSeconds, now }: HandleNeeds): Handles {
  /** A deleted account keeps its handle: it counts as taken for ever. */
  async function takenOf(reader: Reader, userId: UserId, handles: readonly Handle[]): Promise<Set<string>> {
    if (handles.length === 0) return new Set();
    const owned = await reader
      .selectFrom('account')
      .select('handle')
      .where('handle', 'in', handles)
      .execute();
    const kept = await reader
      .selectFrom('handle_reservation')
      .select('handle')
      .where('handle', 'in', handles)
      .where('until', '>', now())
      .where('user_id', '<>', userId)
      .execute();
    return new Set([...owned, ...kept].map((row) => row.handle ?? ''));
  }

  /**
   * Keeps a handle for a user. The row is also what decides between two users that want one handle at once.
   * @throws Refusal `handle-exists` when somebody else keeps it.
   */
  async function reserve(work: Work, userId: UserId, handle: string): Promise<void> {
    const until = now() + reservationSeconds * 1000;
    const reserved = await work.db
      .insertInto('handle_reservation')
      .values({ handle, user_id: userId, until })
      .onConflict((conflict) =>
        conflict
          .column('handle')
          .doUpdateSet({ user_id: userId, until })
          .where((row) =>
            row.or([
              row('handle_reservation.user_id', '=', userId),
              row('handle_reservation.until', '<=', now()),
            ]),
          ),
      )
      .returning('handle')
      .executeTakeFirst();
    if (reserved === undefined) throw refuse('handle-exists');
  }

  return {
    async set(userId, text, asker, origin) {
      const handle = readHandle(text);
      await workRefusingTaken(storage, 'handle-exists', async (work) => {
        const account = await lockAccount(work, userId);
        if (account === undefined || account.status === 'deleted') throw refuse('not-found:user');
        if (asker === 'user' && !hasIdentity(account)) throw refuse('no-identity');
        if (account.handle === handle) return;
        if (asker === 'user' && account.managed_by === 'scim') throw refuse('managed-by-scim');
        await reserve(work, userId, handle);
        if (account.handle !== null) await reserve(work, userId, account.handle);
        const changed = await changeAccount(work, userId, { handle });
        if (changed === undefined) return;
        await indexAccount(work, changed);
        await userEvents.profileChanged(work, changed, { handle }, origin);
      });
    },

    async claim(work, userId, text) {
      const handle = readHandle(text);
      await reserve(work, userId, handle);
      return handle;
    },

    async isTaken(userId, text) {
      const handle = readHandle(text);
      return (await takenOf(storage.reader, userId, [handle])).has(handle);
    },

    async listFree(userId, texts, limit) {
      const valid = texts.map(parseHandle).filter((handle) => handle !== undefined);
      const taken = await takenOf(storage.reader, userId, valid);
      return valid.filter((handle) => !taken.has(handle)).slice(0, limit);
    },
  };
}
