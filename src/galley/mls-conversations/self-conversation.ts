import { createHash } from 'node:crypto';
import { conversationTypes } from '#contract/conversations.ts';
import type { BackendDomain, ConversationId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Storage } from '#storage';
import type { OwnConversation } from '../conversations/conversation.ts';
import type { Conversations } from '../conversations/conversations.ts';
import { newMlsGroup, newPrivate } from '../creation/new-conversation.ts';

/** The MLS conversation of a user's clients among themselves (reference client-api 4.2). */

/** Namespace of the UUIDs of version 5 that are its ids. */
const namespace = '3eac2a2c-3850-510b-bd08-8a98e80dd4d9';

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly conversations: Conversations;
  readonly isMlsEnabled: boolean;
  readonly now: () => number;
}

/** Returns the self conversation of an own user and makes it when there is none. @throws Refusal `mls-not-enabled` */
export type GetMlsSelf = (user: UserId) => Promise<OwnConversation>;

export function createGetMlsSelf(needs: Needs): GetMlsSelf {
  const { ownDomain, storage, conversations, isMlsEnabled, now } = needs;
  return async (user) => {
    if (!isMlsEnabled) throw refuse('mls-not-enabled');
    const id = mlsSelfId(user);
    const existing = await conversations.find(id);
    if (existing !== undefined) return existing;
    const type = conversationTypes.self;
    const made: OwnConversation = {
      ...newPrivate(ownDomain, { id, type, creator: user, others: [] }, now()),
      protocol: 'mls',
      group: newMlsGroup(type, { domain: ownDomain, id }),
    };
    const isNew = await storage.work((work) => conversations.add(work, made));
    return isNew ? made : ((await conversations.find(id)) ?? made);
  };
}

/** RFC 4122 section 4.3, over the user's id. */
export function mlsSelfId(user: UserId): ConversationId {
  const hash = createHash('sha1').update(bytesOf(namespace)).update(bytesOf(user)).digest().subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as ConversationId;
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}
