import { type FSWatcher, watch } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const noticeMs = 50;

/**
 * Tells when one of some files may have changed: rewritten, replaced by a rename, its symlink or a symlink above it
 * swapped (as orchestrators mount secrets). Notices from the file system make it quick; a poll of what each path leads
 * to makes it certain, also where there are no notices (network file systems).
 */
export class FileWatch implements Disposable {
  readonly #files: readonly string[];
  readonly #changed: () => Promise<void>;
  readonly #timer: NodeJS.Timeout;
  readonly #watchers = new Map<string, FSWatcher>();
  #seen = '';
  #looking: Promise<void> | undefined;
  #noticed: NodeJS.Timeout | undefined;
  #closed = false;

  /** @param changed told after a change; not called again before it has ended. It must not reject. */
  constructor(files: readonly string[], pollMs: number, changed: () => Promise<void>) {
    this.#files = files;
    this.#changed = changed;
    this.#timer = setInterval(() => this.look(), pollMs);
    this.#timer.unref();
  }

  /** Takes the present state as the one to compare with. */
  async start(): Promise<void> {
    this.#seen = await this.#describe();
    await this.#watchDirectories();
  }

  /** Looks once more at the next poll, whether or not something changed. */
  forget(): void {
    this.#seen = '';
  }

  /** Looks at the files now; one look at a time. */
  look(): void {
    this.#looking ??= this.#compare().finally(() => {
      this.#looking = undefined;
    });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#noticed);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** A busy directory gives thousands of notices, so what comes within a moment is one look. */
  #notice(): void {
    this.#noticed ??= setTimeout(() => {
      this.#noticed = undefined;
      this.look();
    }, noticeMs).unref();
  }

  async #compare(): Promise<void> {
    const found = await this.#describe();
    if (this.#closed || found === this.#seen) return;
    this.#seen = found;
    await this.#watchDirectories();
    await this.#changed();
  }

  /** Where each path leads and the state of what is there; a change time moves with each write and rename. */
  async #describe(): Promise<string> {
    const states = await Promise.all(
      this.#files.map(async (file) => {
        const real = await realpath(file).catch(() => undefined);
        if (real === undefined) return `${file} missing`;
        const found = await stat(real, { bigint: true }).catch(() => undefined);
        return found === undefined
          ? `${real} missing`
          : `${real} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
      }),
    );
    return states.join('\n');
  }

  /** Directories of the paths as written and as resolved: a secret mount swaps a link beside the former. */
  async #watchDirectories(): Promise<void> {
    const wanted = new Set<string>();
    for (const file of this.#files) {
      wanted.add(dirname(file));
      const real = await realpath(file).catch(() => undefined);
      if (real !== undefined) wanted.add(dirname(real));
    }
    if (this.#closed) return;
    for (const [directory, watcher] of this.#watchers)
      if (!wanted.has(directory)) this.#unwatch(directory, watcher);
    for (const directory of wanted) if (!this.#watchers.has(directory)) this.#watch(directory);
  }

  #watch(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => this.#notice());
      watcher.on('error', () => this.#unwatch(directory, watcher));
      this.#watchers.set(directory, watcher);
    } catch {
      // No notices from there (missing, or no watches left): the poll sees what happens.
      this.#watchers.delete(directory);
    }
  }

  #unwatch(directory: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#watchers.get(directory) === watcher) this.#watchers.delete(directory);
  }
}
