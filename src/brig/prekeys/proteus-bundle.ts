import type { Prekey } from '#contract/devices.ts';

/**
 * Reads the one form of CBOR (RFC 8949) that a Proteus prekey bundle has, and nothing else:
 *
 *     { 0: version, 1: prekey id, 2: {0: 32 bytes}, 3: {0: {0: 32 bytes}}, 4: null or {0: 64 bytes} }
 *
 * with the members in any order, each once, the last one optional, lengths definite, nothing after the end.
 */

const publicKeyBytes = 32;
const signatureBytes = 64;

const majorTypes = { unsigned: 0, bytes: 2, map: 5 } as const;
const cborNull = 0xf6;
/** Additional information: below it the value itself, from here on the length of the value that follows. */
const oneByteFollows = 24;
const eightBytesFollow = 27;

/** Whether the key is a well-formed bundle that was made for this id. */
export function isProteusPrekey({ id, key }: Prekey): boolean {
  const bytes = decodeBase64(key);
  return bytes !== undefined && readPrekeyId(bytes) === id;
}

/** Strict base64: standard alphabet, padded, canonical; undefined otherwise. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

/** The id that a bundle says it is for; undefined when it is no bundle. */
function readPrekeyId(bytes: Uint8Array): number | undefined {
  const reader = new Reader(bytes);
  try {
    const id = readBundle(reader);
    return reader.atEnd ? id : undefined;
  } catch (error) {
    if (error instanceof NoBundle) return undefined;
    throw error;
  }
}

class NoBundle extends Error {}

function readBundle(reader: Reader): number {
  const size = reader.read(majorTypes.map);
  const seen = new Set<number>();
  let id: number | undefined;
  for (let member = 0; member < size; member += 1) {
    const key = reader.read(majorTypes.unsigned);
    if (key > 4 || seen.has(key)) throw new NoBundle();
    seen.add(key);
    if (key === 0) reader.read(majorTypes.unsigned);
    if (key === 1) id = reader.read(majorTypes.unsigned);
    if (key === 2) readWrapped(reader, 1, publicKeyBytes);
    if (key === 3) readWrapped(reader, 2, publicKeyBytes);
    if (key === 4 && !reader.skip(cborNull)) readWrapped(reader, 1, signatureBytes);
  }
  if (id === undefined || ![0, 2, 3].every((key) => seen.has(key))) throw new NoBundle();
  return id;
}

/** Bytes inside so many maps whose only member is 0. */
function readWrapped(reader: Reader, maps: number, length: number): void {
  for (let depth = 0; depth < maps; depth += 1) {
    if (reader.read(majorTypes.map) !== 1 || reader.read(majorTypes.unsigned) !== 0) throw new NoBundle();
  }
  if (reader.read(majorTypes.bytes) !== length) throw new NoBundle();
  reader.advance(length);
}

class Reader {
  readonly #bytes: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  /** The value of the next item's head: a number, or the length of what follows. */
  read(majorType: number): number {
    const head = this.#bytes.getUint8(this.advance(1));
    const info = head & 0x1f;
    if (head >> 5 !== majorType) throw new NoBundle();
    if (info < oneByteFollows) return info;
    // Eight bytes hold more than any value here; above are indefinite lengths and reserved values.
    if (info >= eightBytesFollow) throw new NoBundle();
    const size = 2 ** (info - oneByteFollows);
    const at = this.advance(size);
    if (size === 1) return this.#bytes.getUint8(at);
    return size === 2 ? this.#bytes.getUint16(at) : this.#bytes.getUint32(at);
  }

  /** Steps over this byte if it comes next. */
  skip(byte: number): boolean {
    if (this.atEnd || this.#bytes.getUint8(this.#at) !== byte) return false;
    this.#at += 1;
    return true;
  }

  /** Steps over bytes that must be there; returns where they start. */
  advance(count: number): number {
    const start = this.#at;
    if (start + count > this.#bytes.byteLength) throw new NoBundle();
    this.#at += count;
    return start;
  }
}
