import type { KeyObject } from 'node:crypto';
import type { CipherSuite, SignatureScheme } from './cipher-suites.ts';
import { type GroupInfo, type PublicMessage, wireFormats } from './messages.ts';
import { removeProposalType } from './proposals.ts';
import { isSignedWithLabel, signWithLabel } from './signatures.ts';
import { opaque, uint8, uint16, uint32, uint64 } from './writer.ts';

/** Signatures of messages (RFC 9420 section 6.1). */

const mls10 = uint16(1);
const framedLabel = 'FramedContentTBS';

/**
 * Whether a public message is signed by this key. Members and those who join by a commit sign the group context too,
 * external senders and those who only propose themselves do not.
 * @param context the bytes of the group context at the message's epoch
 */
export function isPublicMessageSigned(
  message: PublicMessage,
  context: Uint8Array,
  key: Uint8Array,
  { scheme }: CipherSuite,
): boolean {
  const { sender, framed, signature } = message;
  const isInside = sender.type === 'member' || sender.type === 'new-member-commit';
  const content = toBeSigned(framed, isInside ? context : new Uint8Array());
  return isSignedWithLabel({ label: framedLabel, content, signature, key, scheme });
}

export function isGroupInfoSigned(
  { signed, signature }: GroupInfo,
  key: Uint8Array,
  { scheme }: CipherSuite,
): boolean {
  return isSignedWithLabel({ label: 'GroupInfoTBS', content: signed, signature, key, scheme });
}

function toBeSigned(framed: Uint8Array, context: Uint8Array): Buffer {
  return Buffer.concat([mls10, uint16(wireFormats.publicMessage), framed, context]);
}

export interface ExternalRemove {
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  /** Who is to be removed. */
  readonly leafIndex: number;
  /** The backend's removal key, which the group has as its only external sender. */
  readonly key: KeyObject;
  readonly scheme: SignatureScheme;
}

/** The backend proposes to remove a member: an MLSMessage that every member accepts and one of them commits. */
export function proposeRemoval({ groupId, epoch, leafIndex, key, scheme }: ExternalRemove): Buffer {
  const framed = Buffer.concat([
    opaque(groupId),
    uint64(epoch),
    // Sender: external, the first.
    uint8(2),
    uint32(0),
    // No authenticated data; content type: proposal.
    opaque(new Uint8Array()),
    uint8(2),
    uint16(removeProposalType),
    uint32(leafIndex),
  ]);
  const signature = signWithLabel(framedLabel, toBeSigned(framed, new Uint8Array()), key, scheme);
  return Buffer.concat([mls10, uint16(wireFormats.publicMessage), framed, opaque(signature)]);
}
