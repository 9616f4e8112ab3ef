import { type Refusal, refuse } from '#contract/refusal.ts';

/** The size that `content-length` announces; undefined when it is absent or no number. */
export function announcedBytes(contentLength: string | undefined): number | undefined {
  if (contentLength === undefined || !/^\d{1,15}$/.test(contentLength)) return undefined;
  return Number(contentLength);
}

/** The refusal of a body that is larger than allowed; `found` is its announced size, when it was announced. */
export function bodyTooLarge(maxBytes: number, found?: number): Refusal {
  const size = found === undefined ? 'is larger than' : `of ${found} bytes is larger than`;
  return refuse('body-too-large', { message: `The body ${size} the ${maxBytes} bytes allowed` });
}

/** Collects chunks up to a bound; a body of one chunk is not copied. */
export class BodyCollector {
  readonly #maxBytes: number;
  readonly #chunks: Buffer[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a chunk; false, and everything forgotten, once the bound is passed. */
  add(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size > this.#maxBytes) {
      this.#chunks.length = 0;
      return false;
    }
    this.#chunks.push(chunk);
    return true;
  }

  whole(): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && this.#chunks.length === 1) return first;
    return Buffer.concat(this.#chunks);
  }
}
