import { createHash, randomInt } from 'node:crypto';
import type { BackendDomain } from '#contract/ids.ts';

/** 100 ns from the start of the Gregorian calendar to 1970, in two halves of 32 bits (RFC 9562, 5.1). */
const gregorianHigh = 0x01b2_1dd2;
const gregorianLow = 0x1381_4000;
const gregorian = 0x01b2_1dd2_1381_4000n;
const twoTo32 = 0x1_0000_0000;

const version1 = /^([0-9a-f]{8})-([0-9a-f]{4})-1([0-9a-f]{3})-([0-9a-f]{4}-[0-9a-f]{12})$/;

/** Translates between positions in streams (microseconds since 1970) and the version 1 UUIDs that clients see. */
export interface NotificationIds {
  /** The id of a stored notification. */
  idOf(position: number): string;
  /** The id of a push that is not stored. It differs from all stored ones. */
  transientId(position: number): string;
  /** The position of one of our stored notifications; undefined for any other UUID. */
  positionOf(id: string): number | undefined;
  /** The time of a version 1 UUID of whatever maker, as a position; undefined for other texts. */
  timeOf(id: string): number | undefined;
}

/**
 * The time in an id is the position, and its other parts are the same in all stored ids of a backend, on whichever
 * replica: so an id needs no column of its own.
 */
export function createNotificationIds(domain: BackendDomain): NotificationIds {
  const stored = `8000-${nodeOf(domain)}`;
  const unstored = `${(0x8001 + randomInt(0x3fff)).toString(16)}-${nodeOf(domain)}`;
  return {
    idOf: (position) => format(position, stored),
    transientId: (position) => format(position, unstored),
    positionOf(id) {
      const match = version1.exec(id.toLowerCase());
      return match?.[4] === stored ? parse(match) : undefined;
    },
    timeOf(id) {
      const match = version1.exec(id.toLowerCase());
      return match === null ? undefined : Number(ticksOf(match) / 10n);
    },
  };
}

/** Whether a text is a version 1 UUID, of whatever maker. */
export function isVersion1(id: string): boolean {
  return version1.test(id.toLowerCase());
}

/** A node id that is no network card's: it has the multicast bit (RFC 9562, 6.10). */
function nodeOf(domain: BackendDomain): string {
  const node = createHash('sha256').update(domain).digest().subarray(0, 6);
  node[0] = (node[0] ?? 0) | 1;
  return node.toString('hex');
}

/** Numbers do not hold 60 bits, and BigInt costs more than all else here: the two halves are reckoned apart. */
function format(position: number, rest: string): string {
  const low = (position % twoTo32) * 10 + gregorianLow;
  const carry = Math.floor(low / twoTo32);
  const high = Math.floor(position / twoTo32) * 10 + gregorianHigh + carry;
  const timeLow = hex(low - carry * twoTo32, 8);
  return `${timeLow}-${hex(high & 0xffff, 4)}-1${hex((high >>> 16) & 0xfff, 3)}-${rest}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Since 1970; less than nothing for earlier times. */
function ticksOf([, low, middle, high]: RegExpExecArray): bigint {
  return BigInt(`0x${high}${middle}${low}`) - gregorian;
}

function parse(match: RegExpExecArray): number | undefined {
  const ticks = ticksOf(match);
  return ticks >= 0n && ticks % 10n === 0n ? Number(ticks / 10n) : undefined;
}
