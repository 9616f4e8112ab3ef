import type { Readable } from 'node:stream';
import type { AssetKey } from '#contract/ids.ts';

/** Positions of the first and the last byte, counted from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes that were received as a whole and are durable, but that nobody can read yet. Disposed of unless published. */
export interface ReceivedFile extends AsyncDisposable {
  /**
   * Makes the bytes readable under their key, durably and all at once.
   * @throws Refusal `storage-full`, `storage-unavailable`
   */
  publish(): Promise<void>;
}

/** Where the bytes of assets are. */
export interface AssetStore extends AsyncDisposable {
  /** No other process writes here: what is unfinished when it is opened will never be finished. */
  readonly isExclusive: boolean;
  /**
   * Takes the bytes of a key in, as fast as they can be written.
   * @param length how many there will be
   * @throws Refusal `storage-full` before anything is written that does not fit; and whatever `bytes` throws
   */
  receive(key: AssetKey, bytes: AsyncIterable<Uint8Array>, length: number): Promise<ReceivedFile>;
  /**
   * The bytes of a published file, or a range of them; undefined when it has none.
   * @param size how many bytes the whole file must have
   * @throws Error when it has another size
   */
  open(
    key: AssetKey,
    size: number,
    options: { readonly range?: ByteRange; readonly signal: AbortSignal },
  ): Promise<Readable | undefined>;
  /** Removes a file, published or not there. */
  remove(key: AssetKey): Promise<void>;
  /** Removes what began to be received before a time (Unix milliseconds) and was neither published nor disposed of. */
  abandon(before: number): Promise<void>;
}
