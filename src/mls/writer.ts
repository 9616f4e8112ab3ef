/** RFC 9420's presentation language (section 2.1), as far as the server writes it. */

export function uint8(value: number): Buffer {
  return Buffer.from([value]);
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** `opaque name<V>` */
export function opaque(bytes: Uint8Array): Buffer {
  return Buffer.concat([vectorLength(bytes.length), bytes]);
}

function vectorLength(length: number): Buffer {
  if (length < 0x40) return uint8(length);
  return length < 0x4000 ? uint16(0x4000 + length) : uint32(0x8000_0000 + length);
}
