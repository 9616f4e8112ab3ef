import type { Storage } from '#storage';
import type { Drainers } from './delivery/drainers.ts';
import { addDeadLetter } from './rows/dead-letter-store.ts';
import { forgetReceived } from './rows/inbox-store.ts';
import { oldestRows, removeRows } from './rows/outbox-store.ts';
import type { QueuedRow } from './rows/queued-row.ts';
import type { OutboxSettings } from './settings.ts';
import { log, setAside } from './telemetry.ts';

/** Sets aside what has waited too long, and forgets what was received long ago, in small bites. */
export class Cleaning implements AsyncDisposable {
  readonly #storage: Storage;
  readonly #drainers: Drainers;
  readonly #settings: OutboxSettings;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(storage: Storage, drainers: Drainers, settings: OutboxSettings, now: () => number) {
    this.#storage = storage;
    this.#drainers = drainers;
    this.#settings = settings;
    this.#now = now;
    this.#timer = setInterval(() => {
      this.#running ??= this.clean()
        .catch((error: unknown) =>
          log.error({ err: error }, 'cleaning the queues failed; trying again later'),
        )
        .finally(() => {
          this.#running = undefined;
        });
    }, settings.cleanEveryMs);
    this.#timer.unref();
  }

  /** Everything that is due, bite by bite. */
  async clean(): Promise<void> {
    while (!this.#closed && (await this.#expire())) await nextTurn();
    const before = this.#now() - this.#settings.inboxMs;
    const { cleanRows } = this.#settings;
    while (!this.#closed && (await forgetReceived(this.#storage, before, cleanRows)) === cleanRows)
      await nextTurn();
  }

  /** One bite; says whether there may be more. Rows are looked at in the order in which they were told. */
  async #expire(): Promise<boolean> {
    const { cleanRows, retentionMs } = this.#settings;
    const before = this.#now() - retentionMs;
    const oldest = await oldestRows(this.#storage.reader, cleanRows);
    const expired = oldest.filter((row) => row.createdAt < before && this.#isOurs(row));
    if (expired.length === 0) return false;
    const reason = `not delivered within ${Math.round(retentionMs / 86_400_000)} days`;
    const positions = expired.map((row) => row.position);
    await this.#storage.work(async (work) => {
      for (const row of expired) await addDeadLetter(work, row, { label: 'expired', reason }, this.#now());
      await removeRows(work, this.#storage.dialect, positions);
    });
    const gone = new Set(positions);
    for (const drainer of this.#drainers.list()) drainer.drop(gone);
    for (const row of expired) setAside(row, 'expired', reason);
    return oldest.length === cleanRows;
  }

  /** Another replica's rows are its own to give up; what is on its way may still arrive. */
  #isOurs(row: QueuedRow): boolean {
    const drainer = this.#drainers.find(row.domain);
    return drainer !== undefined && !drainer.isSending(row);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#running;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
