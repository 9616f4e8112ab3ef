import { createHash } from 'node:crypto';
import type { BackendDomain, ConversationId, Qualified, UserId } from './ids.ts';

/**
 * Ids of one-to-one conversations. Both backends of a pair compute them, so they must be the same bit for bit
 * (reference federation-api 8.3, client-api 3.4).
 */

const namespaces = {
  proteus: '9a51edb8-060c-0d9a-0c29-50a85d152982',
  mls: '95589dd5-b045-40dc-a6aa-dd9c4fad1c2f',
} as const;

/** Bit of byte 16 of the hash that gives the conversation to the second user's backend. */
const ownerBit = 0x80;

/**
 * The one-to-one conversation of two users: for Proteus when they are on different backends, for MLS always. Its domain
 * is the owner's. The order of the users does not matter.
 */
export function oneToOneConversation(
  protocol: 'proteus' | 'mls',
  one: Qualified<UserId>,
  other: Qualified<UserId>,
): Qualified<ConversationId> {
  const [first, second] = isBefore(one, other) ? [one, other] : [other, one];
  const hash = createHash('sha256')
    .update(bytesOf(namespaces[protocol]))
    // wire-server's comment speaks of 16 bytes for each id; its code hashes their text.
    .update(`${first.id}${first.domain}${second.id}${second.domain}`)
    .digest();
  const owner = ((hash[16] ?? 0) & ownerBit) === 0 ? first.domain : second.domain;
  return { domain: owner, id: uuidOf(hash.subarray(0, 16), 5) };
}

/** The Proteus one-to-one conversation of two users of one backend: the sum of their ids. */
export function localOneToOneConversation(
  domain: BackendDomain,
  one: UserId,
  other: UserId,
): Qualified<ConversationId> {
  const [left, right] = [bytesOf(one), bytesOf(other)];
  const sum = Buffer.alloc(16);
  for (let at = 0; at < 16; at += 4) {
    sum.writeUInt32BE((left.readUInt32BE(at) + right.readUInt32BE(at)) % 2 ** 32, at);
  }
  return { domain, id: uuidOf(sum, 4) };
}

/** Domains compare as text, then ids as numbers, which is the order of their lower-case text. */
function isBefore(one: Qualified<UserId>, other: Qualified<UserId>): boolean {
  return one.domain === other.domain ? one.id < other.id : one.domain < other.domain;
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/** The bytes as a UUID of this version and the variant of RFC 4122. */
function uuidOf(bytes: Uint8Array, version: number): ConversationId {
  const marked = Buffer.from(bytes);
  marked[6] = ((marked[6] ?? 0) & 0x0f) | (version << 4);
  marked[8] = ((marked[8] ?? 0) & 0x3f) | 0x80;
  const hex = marked.toString('hex');
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return groups.join('-') as ConversationId;
}
