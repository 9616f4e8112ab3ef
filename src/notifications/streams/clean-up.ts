import type { Storage, Work } from '#storage';
import { markMissed } from '../consumers/consumer-store.ts';
import { cleanUpFailed, rowsCleaned } from '../telemetry.ts';

export interface CleanUpNeeds {
  readonly storage: Storage;
  readonly retentionSeconds: number;
  readonly intervalMs: number;
  readonly now: () => number;
}

/** Bounds of one bite, so that no request waits long behind it. */
const usersPerBite = 200;
const rowsPerBite = 1_000;
/** Reads stop at the retention; what they are reading must not lose its payload under their hands. */
const graceSeconds = 3_600;

/**
 * Takes old rows out of all streams, again and again. A stream's rows lie together, so it goes from user to user
 * through the primary key: pushing needs no second index for it.
 */
export class CleanUp implements AsyncDisposable {
  readonly #needs: CleanUpNeeds;
  readonly #timer: NodeJS.Timeout;
  /** The user whose stream was looked at last; empty: begin anew. */
  #after = '';
  #running: Promise<void> | undefined;

  constructor(needs: CleanUpNeeds) {
    this.#needs = needs;
    this.#timer = setInterval(() => {
      this.#running ??= this.#biteSafely();
    }, needs.intervalMs).unref();
  }

  /** One bite. Returns whether it came to the end of all streams. */
  async bite(): Promise<boolean> {
    const { storage, retentionSeconds, now } = this.#needs;
    const before = (now() - (retentionSeconds + graceSeconds) * 1000) * 1000;
    let rows = (await isAnyPayloadOld(storage, before))
      ? await storage.work((work) => removePayloads(work, before))
      : 0;
    for (let users = 0; users < usersPerBite && rows < rowsPerBite; users += 1) {
      const user = await this.#nextUser();
      if (user === undefined) {
        this.#after = '';
        rowsCleaned(rows);
        return true;
      }
      const removed = await this.#removeOld(user, before);
      rows += removed;
      if (removed < rowsPerBite) this.#after = user;
    }
    rowsCleaned(rows);
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #biteSafely(): Promise<void> {
    try {
      await this.bite();
    } catch (error) {
      cleanUpFailed(error);
    } finally {
      this.#running = undefined;
    }
  }

  async #nextUser(): Promise<string | undefined> {
    const row = await this.#needs.storage.reader
      .selectFrom('notification')
      .select('user_id')
      .where('user_id', '>', this.#after)
      .orderBy('user_id')
      .limit(1)
      .executeTakeFirst();
    return row?.user_id;
  }

  async #removeOld(user: string, before: number): Promise<number> {
    const { storage } = this.#needs;
    const [oldest] = await storage.reader
      .selectFrom('notification')
      .select('position')
      .where('user_id', '=', user)
      .orderBy('position')
      .limit(1)
      .execute();
    if (oldest === undefined || oldest.position >= before) return 0;
    return await storage.work(async (work) => {
      await markMissed(work, user, before - 1);
      const { numDeletedRows } = await work.db
        .deleteFrom('notification')
        .where('user_id', '=', user)
        .where('position', 'in', (query) =>
          query
            .selectFrom('notification')
            .select('position')
            .where('user_id', '=', user)
            .where('position', '<', before)
            .orderBy('position')
            .limit(rowsPerBite),
        )
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    });
  }
}

async function isAnyPayloadOld({ reader }: Storage, before: number): Promise<boolean> {
  const query = reader.selectFrom('notification_payload').select('position').orderBy('position').limit(1);
  const row = await query.executeTakeFirst();
  return row !== undefined && row.position < before;
}

async function removePayloads(work: Work, before: number): Promise<number> {
  const { numDeletedRows } = await work.db
    .deleteFrom('notification_payload')
    .where('position', 'in', (query) =>
      query
        .selectFrom('notification_payload')
        .select('position')
        .where('position', '<', before)
        .orderBy('position')
        .limit(rowsPerBite),
    )
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
