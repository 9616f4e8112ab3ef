import { type ConversationType, conversationTypes } from './conversations.ts';
import { type ConversationId, parseBackendDomain, type Qualified } from './ids.ts';

/** Ids of MLS groups, from which every backend derives conversation and owner (reference federation-api 8.4). */

/** A subconversation has a group of its own, and another one after each reset. */
export interface MlsSubconversation {
  readonly id: string;
  /** Counted up by resets. */
  readonly generation: number;
}

/** What a group id says. */
export interface MlsGroup {
  readonly type: ConversationType;
  readonly conversation: Qualified<ConversationId>;
  /** Undefined for the group of the conversation itself. */
  readonly subconversation: MlsSubconversation | undefined;
}

/** Why bytes are no group id of ours. */
export type GroupIdFault = 'unsupported groupId version' | 'invalid groupId';

const formatVersion = 1;
/** Version, type, conversation, length of the subconversation's id. */
const headBytes = 2 + 2 + 16 + 1;
const generationBytes = 4;
const maxGeneration = 0xffff_ffff;

/** What ids of subconversations look like: printable ASCII without the space. */
export const subconversationIdPattern = '^[!-~]{1,255}$';
const subconversationIdSyntax = new RegExp(subconversationIdPattern);

export function encodeGroupId({ type, conversation, subconversation }: MlsGroup): Buffer {
  const id = Buffer.from(subconversation?.id ?? '', 'ascii');
  const head = Buffer.alloc(headBytes);
  head.writeUInt16BE(formatVersion, 0);
  // Subconversations only exist in groups.
  head.writeUInt16BE(subconversation === undefined ? type : conversationTypes.group, 2);
  Buffer.from(conversation.id.replaceAll('-', ''), 'hex').copy(head, 4);
  head.writeUInt8(id.length, headBytes - 1);
  const generation = Buffer.alloc(subconversation === undefined ? 0 : generationBytes);
  if (subconversation !== undefined)
    generation.writeUInt32BE(subconversation.generation % (maxGeneration + 1));
  return Buffer.concat([head, id, generation, Buffer.from(conversation.domain, 'ascii')]);
}

/** Reads a group id, or says what is wrong with it. */
export function decodeGroupId(bytes: Uint8Array): MlsGroup | GroupIdFault {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 2 || buffer.readUInt16BE(0) !== formatVersion) return 'unsupported groupId version';
  if (buffer.length < headBytes) return 'invalid groupId';
  const type = Object.values(conversationTypes).find((known) => known === buffer.readUInt16BE(2));
  const length = buffer.readUInt8(headBytes - 1);
  const domainAt = headBytes + length + (length === 0 ? 0 : generationBytes);
  const domain = parseBackendDomain(buffer.toString('latin1', domainAt));
  if (type === undefined || domain === undefined || domainAt > buffer.length) return 'invalid groupId';
  const conversation = { domain, id: uuidOf(buffer.subarray(4, 20)) };
  if (length === 0) return { type, conversation, subconversation: undefined };
  const id = buffer.toString('latin1', headBytes, headBytes + length);
  if (!subconversationIdSyntax.test(id) || type !== conversationTypes.group) return 'invalid groupId';
  const generation = buffer.readUInt32BE(headBytes + length);
  return { type, conversation, subconversation: { id, generation } };
}

function uuidOf(bytes: Buffer): ConversationId {
  const hex = bytes.toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') as ConversationId;
}
