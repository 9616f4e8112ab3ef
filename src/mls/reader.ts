/** Bytes that are not what RFC 9420 says; the message names what was found where. */
export class MlsDecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MlsDecodeError';
  }
}

/**
 * Reads RFC 9420's presentation language (section 2.1) from bytes, in order. What it gives are views: nothing is copied,
 * and the bytes must not change while they are in use.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Position of the next byte, counted from the beginning of what all readers of these bytes share. */
  get position(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end;
  }

  /** The bytes from an earlier position up to here. */
  since(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.#at);
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#end)
      throw new MlsDecodeError(`found ${this.#end - this.#at} bytes at ${this.#at}, expected ${length}`);
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  uint8(): number {
    const [value = 0] = this.take(1);
    return value;
  }

  uint16(): number {
    const [high = 0, low = 0] = this.take(2);
    return high * 0x100 + low;
  }

  uint32(): number {
    return this.uint16() * 0x1_0000 + this.uint16();
  }

  /** Times and epochs: as far as a number is exact. */
  uint64(): bigint {
    return (BigInt(this.uint32()) << 32n) | BigInt(this.uint32());
  }

  /** The length of a variable-size vector: 1, 2 or 4 bytes, in the shortest form (section 2.1.2). */
  length(): number {
    const at = this.#at;
    const first = this.uint8();
    const value = lengthFrom(first, this);
    if (value === undefined || value < smallest(first))
      throw new MlsDecodeError(`the length at ${at} is not in its shortest form`);
    return value;
  }

  /** `opaque name<V>` */
  opaque(): Uint8Array {
    return this.take(this.length());
  }

  /** A reader of the inside of a vector. */
  vector(): Reader {
    const inside = this.opaque();
    return new Reader(this.#bytes, this.#at - inside.length, this.#at);
  }

  /** `T name<V>` */
  list<T>(read: (reader: Reader) => T): readonly T[] {
    const inside = this.vector();
    const items: T[] = [];
    while (!inside.isAtEnd) items.push(read(inside));
    return items;
  }

  /** `optional<T>` */
  optional<T>(read: (reader: Reader) => T): T | undefined {
    const at = this.#at;
    const present = this.uint8();
    if (present > 1) throw new MlsDecodeError(`found ${present} at ${at}, expected 0 or 1`);
    return present === 1 ? read(this) : undefined;
  }

  /** Nothing may follow. */
  mustEnd(): void {
    if (!this.isAtEnd) throw new MlsDecodeError(`${this.#end - this.#at} bytes follow at ${this.#at}`);
  }
}

function lengthFrom(first: number, reader: Reader): number | undefined {
  const low = first & 0x3f;
  switch (first >> 6) {
    case 0:
      return low;
    case 1:
      return low * 0x100 + reader.uint8();
    case 2:
      return low * 0x100_0000 + reader.uint8() * 0x1_0000 + reader.uint16();
    default:
      return undefined;
  }
}

function smallest(first: number): number {
  return [0, 0x40, 0x4000][first >> 6] ?? 0;
}

/** Reads a whole value: nothing may follow it. */
export function decodeWhole<T>(bytes: Uint8Array, read: (reader: Reader) => T): T {
  const reader = new Reader(bytes);
  const value = read(reader);
  reader.mustEnd();
  return value;
}
