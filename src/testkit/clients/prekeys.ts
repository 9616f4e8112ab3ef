import { randomBytes } from 'node:crypto';

/** A prekey as clients upload and get it. */
export interface TestPrekey {
  readonly id: number;
  readonly key: string;
}

/** Id of the last-resort prekey. */
export const lastResortId = 65_535;

/** Proteus prekey bundles with random keys, for these ids: well-formed, but of no use for encrypting. */
export function makePrekeys(first: number, count: number): readonly TestPrekey[] {
  return Array.from({ length: count }, (_, index) => makePrekey(first + index));
}

/** One Proteus prekey bundle, in CBOR: `{0: 1, 1: id, 2: {0: key}, 3: {0: {0: key}}, 4: null}`. */
export function makePrekey(id: number): TestPrekey {
  const bytes = Buffer.concat([
    Buffer.from([0xa5, 0x00, 0x01, 0x01, ...cborNumber(id), 0x02, 0xa1, 0x00, 0x58, 0x20]),
    randomBytes(32),
    Buffer.from([0x03, 0xa1, 0x00, 0xa1, 0x00, 0x58, 0x20]),
    randomBytes(32),
    Buffer.from([0x04, 0xf6]),
  ]);
  return { id, key: bytes.toString('base64') };
}

function cborNumber(value: number): readonly number[] {
  if (value < 24) return [value];
  return value < 256 ? [0x18, value] : [0x19, value >> 8, value & 0xff];
}
