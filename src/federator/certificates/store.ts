import type { CertificateStore, TlsMaterial } from '../faces.ts';
import { FileWatch } from './file-watch.ts';
import { type CertificateFiles, judgeMaterial, type LoadedMaterial, readFiles } from './material.ts';
import { reloaded, reloadRefused, watchExpiry } from './telemetry.ts';

export interface CertificateStoreOptions extends CertificateFiles {
  /** The own infrastructure domain: the certificate must carry it. */
  readonly infrastructureDomain: string;
  /** How often the files are looked at when the file system sends no notice. Default 1000 ms. */
  readonly pollMs?: number;
  /** Milliseconds since 1970 by which the own certificate is judged. */
  readonly nowMs?: () => number;
}

/** Files of one change are written within this time. */
const settleMs = 500;

type ReloadListener = Parameters<CertificateStore['onReload']>[0];

/**
 * Opens the own certificate, key and trusted roots, and follows their files. New contents are judged as a whole before
 * they replace the old; while they cannot be used the old stay, with an alarm in the log and a counter.
 *
 * @throws CertificateFileError naming the file that cannot be used, and why.
 */
export async function openCertificateStore(options: CertificateStoreOptions): Promise<CertificateStore> {
  const nowMs = options.nowMs ?? Date.now;
  const contents = await readFiles(options);
  const first = judgeMaterial(options, contents, options.infrastructureDomain, 1, nowMs());
  const store = new FollowedCertificates(options, first, nowMs);
  await store.start();
  return store;
}

class FollowedCertificates implements CertificateStore {
  readonly #options: CertificateStoreOptions;
  readonly #nowMs: () => number;
  readonly #watch: FileWatch;
  readonly #listeners: ReloadListener[] = [];
  readonly #expiry: Disposable;
  #loaded: LoadedMaterial;
  /** What was refused last: `seen` once it may be half of a change under way, `alarmed` it is a fault. */
  #refused:
    | { readonly reason: string; readonly sinceMs: number; readonly state: 'seen' | 'alarmed' }
    | undefined;

  constructor(options: CertificateStoreOptions, first: LoadedMaterial, nowMs: () => number) {
    this.#options = options;
    this.#loaded = first;
    this.#nowMs = nowMs;
    const files = [
      options.certificate,
      options.key,
      options.ca,
      ...(options.crl === undefined ? [] : [options.crl]),
    ];
    this.#watch = new FileWatch(files, options.pollMs ?? 1000, () => this.#reload());
    this.#expiry = watchExpiry(() => this.#loaded);
  }

  get current(): TlsMaterial {
    return this.#loaded.material;
  }

  onReload(listener: ReloadListener): void {
    this.#listeners.push(listener);
  }

  async start(): Promise<void> {
    await this.#watch.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    this.#expiry[Symbol.dispose]();
    this.#listeners.length = 0;
  }

  async #reload(): Promise<void> {
    let next: LoadedMaterial;
    try {
      const contents = await readFiles(this.#options);
      if (contents.digest === this.#loaded.digest) {
        this.#refused = undefined;
        return;
      }
      const generation = this.#loaded.material.generation + 1;
      const { infrastructureDomain } = this.#options;
      next = judgeMaterial(this.#options, contents, infrastructureDomain, generation, this.#nowMs());
    } catch (error) {
      this.#refuse(error);
      return;
    }
    const previous = this.#loaded;
    this.#loaded = next;
    this.#refused = undefined;
    const trusted = new Set(next.roots.map(({ fingerprint }) => fingerprint));
    const caRemoved = previous.roots.some(({ fingerprint }) => !trusted.has(fingerprint));
    reloaded(next, caRemoved);
    for (const listener of this.#listeners) listener(next.material, { caRemoved });
  }

  /** Certificate and key are two files: the first sight of a mismatch may fall between their two writes. */
  #refuse(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const sinceMs = performance.now();
    if (this.#refused?.reason !== reason) {
      this.#refused = { reason, sinceMs, state: 'seen' };
      this.#watch.forget();
    } else if (this.#refused.state === 'seen') {
      if (sinceMs - this.#refused.sinceMs < settleMs) {
        this.#watch.forget();
        return;
      }
      this.#refused = { reason, sinceMs, state: 'alarmed' };
      reloadRefused(reason, error);
    }
  }
}
