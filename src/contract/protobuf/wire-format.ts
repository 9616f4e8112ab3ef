import { isUtf8 } from 'node:buffer';

/** The wire format of Protocol Buffers, as far as the messages of this API need it: varints and byte strings. */

/** How a field's value is written (protobuf encoding, "Message Structure"). */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Says what is wrong with the bytes. Callers turn it into the refusal that fits. */
export class WireFormatError extends Error {}

/** Reads fields of one message, which is a range of a buffer that is never copied. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  /** Of the field that `next` came to. */
  field = 0;
  #type = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** Goes to the next field; false at the end. */
  next(): boolean {
    if (this.#at === this.#end) return false;
    const key = this.#uint32('a field');
    this.field = key >>> 3;
    this.#type = key & 7;
    if (this.field === 0) throw new WireFormatError('a field has the number 0');
    return true;
  }

  /** An unsigned 64-bit integer, as hex without leading zeros. */
  uint64Hex(name: string): string {
    this.#expect(wireTypes.varint, name);
    const { high, low } = this.#varint(name);
    return high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, '0');
  }

  /** A Boolean or the number of an enumeration's value. */
  number(name: string): number {
    this.#expect(wireTypes.varint, name);
    const { high, low } = this.#varint(name);
    if (high !== 0) throw new WireFormatError(`${name}: the number is out of range`);
    return low;
  }

  /** A byte string in base64. @param maxBytes more are an error */
  base64(name: string, maxBytes: number): string {
    const start = this.#range(name);
    if (this.#at - start > maxBytes)
      throw new WireFormatError(`${name}: found ${this.#at - start} bytes, expected at most ${maxBytes}`);
    return this.#bytes.toString('base64', start, this.#at);
  }

  /** A byte string of this length in hex. */
  hex(name: string, length: number): string {
    const start = this.#range(name);
    if (this.#at - start !== length)
      throw new WireFormatError(`${name}: found ${this.#at - start} bytes, expected ${length}`);
    return this.#bytes.toString('hex', start, this.#at);
  }

  text(name: string): string {
    const start = this.#range(name);
    const range = this.#bytes.subarray(start, this.#at);
    if (!isUtf8(range)) throw new WireFormatError(`${name}: not valid UTF-8`);
    return this.#bytes.toString('utf8', start, this.#at);
  }

  message(name: string): WireReader {
    const start = this.#range(name);
    return new WireReader(this.#bytes, start, this.#at);
  }

  /** Passes over a field that the reader does not know. */
  skip(): void {
    if (this.#type === wireTypes.varint) this.#varint('an unknown field');
    else if (this.#type === wireTypes.bytes) this.#range('an unknown field');
    else if (this.#type === wireTypes.fixed64) this.#advance(8, 'an unknown field');
    else if (this.#type === wireTypes.fixed32) this.#advance(4, 'an unknown field');
    else throw new WireFormatError(`field ${this.field} has the wire type ${this.#type}`);
  }

  /** Passes over a byte string and returns where it starts; it ends where the reader then is. */
  #range(name: string): number {
    this.#expect(wireTypes.bytes, name);
    const length = this.#uint32(name);
    const start = this.#at;
    this.#advance(length, name);
    return start;
  }

  #advance(length: number, name: string): void {
    if (length > this.#end - this.#at) throw new WireFormatError(`${name}: ends before its ${length} bytes`);
    this.#at += length;
  }

  #expect(type: number, name: string): void {
    if (this.#type !== type)
      throw new WireFormatError(`${name}: found the wire type ${this.#type}, expected ${type}`);
  }

  #uint32(name: string): number {
    const { high, low } = this.#varint(name);
    if (high !== 0) throw new WireFormatError(`${name}: the number is out of range`);
    return low;
  }

  #varint(name: string): { readonly high: number; readonly low: number } {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index += 1) {
      if (this.#at === this.#end) throw new WireFormatError(`${name}: ends within a number`);
      const byte = this.#bytes[this.#at] as number;
      this.#at += 1;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (index * 7);
      else if (index === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else if (index < 9) high |= bits << (index * 7 - 32);
      else if (bits > 1) break;
      else high |= bits << 31;
      if (byte < 0x80) return { high: high >>> 0, low: low >>> 0 };
    }
    throw new WireFormatError(`${name}: the number is longer than 64 bits`);
  }
}

/** Writes fields; the counterpart of the reader, for clients. */
export class WireWriter {
  readonly #parts: Uint8Array[] = [];

  /** @param value a number below 2^64 in hex, or a small one */
  varint(field: number, value: string | number): this {
    this.#number(BigInt(field << 3));
    this.#number(typeof value === 'string' ? BigInt(`0x${value}`) : BigInt(value));
    return this;
  }

  bytes(field: number, value: Uint8Array | string): this {
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    this.#number(BigInt((field << 3) | wireTypes.bytes));
    this.#number(BigInt(bytes.length));
    this.#parts.push(bytes);
    return this;
  }

  message(field: number, write: (writer: WireWriter) => void): this {
    const inner = new WireWriter();
    write(inner);
    return this.bytes(field, inner.finish());
  }

  finish(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #number(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    do {
      const bits = Number(rest & 0x7fn);
      rest >>= 7n;
      bytes.push(rest === 0n ? bits : bits | 0x80);
    } while (rest !== 0n);
    this.#parts.push(Uint8Array.from(bytes));
  }
}
