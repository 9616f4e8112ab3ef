import type { AssetKey } from '#contract/ids.ts';
import type { Storage } from '#storage';
import type { CargoholdSettings } from '../settings.ts';
import type { AssetStore } from '../stores/asset-store.ts';
import { sweepFailed } from '../telemetry.ts';
import { listExpired, listInState, markRemoving } from './asset-rows.ts';
import { removeBytes } from './changes.ts';

interface SweepNeeds {
  readonly storage: Storage;
  readonly store: AssetStore;
  readonly settings: CargoholdSettings;
  readonly now: () => number;
}

/** Removes what has expired, what was deleted half, and what uploads that died have left, in small bites. */
export class Sweep implements AsyncDisposable {
  readonly #needs: SweepNeeds;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(needs: SweepNeeds) {
    this.#needs = needs;
    this.#timer = setInterval(() => {
      this.#running ??= this.sweep()
        .catch(sweepFailed)
        .finally(() => {
          this.#running = undefined;
        });
    }, needs.settings.sweepEveryMs);
    this.#timer.unref();
  }

  /**
   * At the start, before anybody uploads: in a store of our own every unfinished upload is a dead one. Bytes that
   * cannot be removed keep nobody from starting.
   */
  async sweepAtStart(): Promise<void> {
    const { store, settings, now } = this.#needs;
    await this.sweep(store.isExclusive ? now() + 1 : now() - settings.uploadGraceMs).catch(sweepFailed);
  }

  /** Everything that is due. */
  async sweep(deadBefore = this.#needs.now() - this.#needs.settings.uploadGraceMs): Promise<void> {
    const { storage, store, settings, now } = this.#needs;
    const { reader } = storage;
    const { sweepRows } = settings;
    // Owners have their room again whether the store can be reached or not.
    await store.abandon(deadBefore).catch(sweepFailed);
    await this.#all(() => listInState(reader, 'uploading', deadBefore, sweepRows), this.#markRemoving);
    await this.#all(() => listExpired(reader, now(), sweepRows), this.#markRemoving);
    const remove = (keys: readonly AssetKey[]) => removeBytes(this.#needs, keys);
    await this.#all(() => listInState(reader, 'removing', now() + 1, sweepRows), remove);
  }

  readonly #markRemoving = (keys: readonly AssetKey[]) => {
    const { storage, now } = this.#needs;
    return storage.work((work) => markRemoving(work, keys, now()));
  };

  async #all(
    list: () => Promise<readonly AssetKey[]>,
    handle: (keys: readonly AssetKey[]) => Promise<void>,
  ): Promise<void> {
    while (!this.#closed) {
      const keys = await list();
      if (keys.length === 0) return;
      await handle(keys);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#running;
  }
}
