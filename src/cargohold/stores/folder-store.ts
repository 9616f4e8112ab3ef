import { randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { AssetKey } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { AssetStore, ReceivedFile } from './asset-store.ts';
import { storeRefusal } from './store-refusal.ts';

export interface FolderStoreOptions {
  /** Made when it is not there. One process at a time works with it. */
  readonly directory: string;
  /** Bytes of the file system that are left free: the database may be on it as well. */
  readonly reserveBytes: number;
}

/** Each of many downloads under way holds this much, or twice. */
const readAheadBytes = 64 * 1024;

/**
 * Assets as files of a folder. Bytes come into `incoming/`, are synced there and renamed to
 * `objects/<2 hex digits>/<2 hex digits>/<key>`, so that a file there is whole whatever happens. Opening it removes what
 * an earlier process left in `incoming/`.
 */
export async function openFolderStore({ directory, reserveBytes }: FolderStoreOptions): Promise<AssetStore> {
  const incoming = join(directory, 'incoming');
  const objects = join(directory, 'objects');
  await rm(incoming, { recursive: true, force: true });
  for (const folder of [incoming, objects]) await mkdir(folder, { recursive: true, mode: 0o700 });
  await syncFolder(directory);
  return new FolderStore(incoming, objects, reserveBytes);
}

class FolderStore implements AssetStore {
  readonly isExclusive = true;
  readonly #incoming: string;
  readonly #objects: string;
  readonly #reserveBytes: number;
  /** Announced by files that are being received, and not written yet. */
  #expectedBytes = 0;

  constructor(incoming: string, objects: string, reserveBytes: number) {
    this.#incoming = incoming;
    this.#objects = objects;
    this.#reserveBytes = reserveBytes;
  }

  async receive(key: AssetKey, bytes: AsyncIterable<Uint8Array>, length: number): Promise<ReceivedFile> {
    let left = length;
    this.#expectedBytes += left;
    const path = join(this.#incoming, randomUUID());
    try {
      await this.#mustFit(length);
      await writeDurably(path, bytes, (count) => {
        left -= count;
        this.#expectedBytes -= count;
      });
    } catch (error) {
      await rm(path, { force: true });
      throw isFull(error) ? storeRefusal(error, true) : error;
    } finally {
      this.#expectedBytes -= left;
    }
    return new IncomingFile(path, this.#pathOf(key), this.#objects);
  }

  async open(
    key: AssetKey,
    size: number,
    { range, signal }: Parameters<AssetStore['open']>[2],
  ): Promise<Readable | undefined> {
    const file = await openFile(this.#pathOf(key));
    if (file === undefined) return undefined;
    try {
      const { size: found } = await file.stat();
      if (found !== size) throw new Error(`the file of asset ${key} has ${found} bytes, expected ${size}`);
      signal.throwIfAborted();
    } catch (error) {
      await file.close();
      throw error;
    }
    return file.createReadStream({ ...range, highWaterMark: readAheadBytes, signal });
  }

  async remove(key: AssetKey): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
  }

  /** Opening has removed what was left behind, and what is received since then disposes of itself. */
  async abandon(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async #mustFit(length: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#incoming);
    const free = bavail * bsize - this.#reserveBytes;
    if (this.#expectedBytes <= free) return;
    const message = `The storage is full: ${length} bytes do not fit`;
    throw refuse('storage-full', { message });
  }

  /** Keys are parsed: three numbers and hex digits, so that no path can hide in one. */
  #pathOf(key: AssetKey): string {
    const uuid = key.slice('3-R-'.length);
    return join(this.#objects, uuid.slice(0, 2), uuid.slice(2, 4), key);
  }
}

class IncomingFile implements ReceivedFile {
  readonly #path: string;
  readonly #finalPath: string;
  readonly #root: string;
  #published = false;

  constructor(path: string, finalPath: string, root: string) {
    this.#path = path;
    this.#finalPath = finalPath;
    this.#root = root;
  }

  async publish(): Promise<void> {
    try {
      await this.#place();
    } catch (error) {
      throw storeRefusal(error, isFull(error));
    }
  }

  async #place(): Promise<void> {
    const folder = dirname(this.#finalPath);
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(this.#path, this.#finalPath);
    this.#published = true;
    await syncFolder(folder);
    if (made === undefined) return;
    await syncFolder(dirname(folder));
    await syncFolder(this.#root);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#published) await rm(this.#path, { force: true });
  }
}

async function writeDurably(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  written: (count: number) => void,
): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  for await (const chunk of bytes) {
    await writeAll(file, chunk);
    written(chunk.length);
  }
  await file.sync();
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A name in a folder is durable when the folder is synced. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
