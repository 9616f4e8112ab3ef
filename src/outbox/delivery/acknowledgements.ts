import { setTimeout as delay } from 'node:timers/promises';
import type { Storage } from '#storage';
import { addDeadLetter, type DeathReason } from '../rows/dead-letter-store.ts';
import { removeRows } from '../rows/outbox-store.ts';
import type { QueuedRow } from '../rows/queued-row.ts';
import { log } from '../telemetry.ts';

/** A row that is done with: delivered, or dead. */
export interface Acknowledgement {
  readonly row: QueuedRow;
  readonly death?: DeathReason;
}

interface Batch {
  readonly done: readonly Acknowledgement[];
  readonly committed: () => void;
}

/** Rows taken out of the database in one unit of work. */
const maxRows = 1_024;
const retryMs = 250;

/**
 * Takes rows that are done with out of the database, all that came together in one unit of work. A lane does not wait
 * for it: a crash before the commit makes the last rows of a lane come once more, in their order.
 */
export class Acknowledgements {
  readonly #storage: Storage;
  readonly #now: () => number;
  #waiting: Batch[] = [];
  #running: Promise<void> | undefined;
  #givenUp = false;

  constructor(storage: Storage, now: () => number) {
    this.#storage = storage;
    this.#now = now;
  }

  add(done: readonly Acknowledgement[], committed: () => void): void {
    this.#waiting.push({ done, committed });
    this.#running ??= this.#run();
  }

  /** Resolves when everything that was added is committed, or the storage fails: the rows then come again later. */
  async close(): Promise<void> {
    this.#givenUp = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // What comes in this turn belongs together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batches = this.#take();
      if (await this.#commit(batches)) for (const { committed } of batches) committed();
      else if (this.#givenUp) break;
      else {
        this.#waiting.unshift(...batches);
        await delay(retryMs, undefined, { ref: false });
      }
    }
    this.#running = undefined;
  }

  #take(): readonly Batch[] {
    let rows = 0;
    const index = this.#waiting.findIndex(({ done }) => {
      rows += done.length;
      return rows >= maxRows;
    });
    return this.#waiting.splice(0, index === -1 ? this.#waiting.length : index + 1);
  }

  async #commit(batches: readonly Batch[]): Promise<boolean> {
    const done = batches.flatMap((batch) => batch.done);
    try {
      await this.#storage.work(async (work) => {
        for (const { row, death } of done) if (death) await addDeadLetter(work, row, death, this.#now());
        const positions = done.map(({ row }) => row.position);
        await removeRows(work, this.#storage.dialect, positions);
      });
      return true;
    } catch (error) {
      log.error({ err: error, rows: done.length }, 'delivered notifications could not be taken out yet');
      return false;
    }
  }
}
