import { createHash, randomBytes } from 'node:crypto';
import type { ConversationId } from '#contract/ids.ts';

/** Characters of keys and codes (reference client-api 4.7). */
const length = 20;

/** The key of a conversation's code: the same for each of its codes. */
export function codeKeyOf(id: ConversationId): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, length);
}

/** A new code: 120 random bits. */
export function newCode(): string {
  return randomBytes(15).toString('base64url').slice(0, length);
}
