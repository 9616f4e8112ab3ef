import { type KeyPackage, readKeyPackage } from './key-package.ts';
import { type Extension, extensionTypes, type LeafNode, readExtensions, readLeafNode } from './leaf-node.ts';
import { type Commit, type Proposal, readCommit, readProposal } from './proposals.ts';
import { decodeWhole, MlsDecodeError, Reader } from './reader.ts';

/** What travels between clients (RFC 9420 section 6), as far as a server can look into it. */

export const wireFormats = {
  publicMessage: 1,
  privateMessage: 2,
  welcome: 3,
  groupInfo: 4,
  keyPackage: 5,
} as const;

export type Sender =
  | { readonly type: 'member'; readonly leafIndex: number }
  | { readonly type: 'external'; readonly senderIndex: number }
  | { readonly type: 'new-member-proposal' }
  | { readonly type: 'new-member-commit' };

export type PublicContent =
  | { readonly type: 'application' }
  | { readonly type: 'proposal'; readonly proposal: Proposal }
  | { readonly type: 'commit'; readonly commit: Commit };

export interface PublicMessage {
  readonly kind: 'public-message';
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  readonly sender: Sender;
  readonly content: PublicContent;
  /** The bytes of the FramedContent, which are signed (with more around them). */
  readonly framed: Uint8Array;
  readonly signature: Uint8Array;
  /** The bytes of the AuthenticatedContent, which a proposal's reference is made from. */
  readonly authenticated: Uint8Array;
}

export interface PrivateMessage {
  readonly kind: 'private-message';
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  readonly contentType: 'application' | 'proposal' | 'commit';
}

export interface Welcome {
  readonly kind: 'welcome';
  readonly suite: number;
  /** References of the key packages of those whom it is for. */
  readonly newMembers: readonly Uint8Array[];
}

export interface GroupContext {
  readonly suite: number;
  readonly groupId: Uint8Array;
  readonly epoch: bigint;
  readonly treeHash: Uint8Array;
  readonly extensions: readonly Extension[];
  readonly bytes: Uint8Array;
}

export interface GroupInfo {
  readonly kind: 'group-info';
  readonly context: GroupContext;
  readonly extensions: readonly Extension[];
  /** Leaf index of who has signed it. */
  readonly signer: number;
  readonly signature: Uint8Array;
  readonly signed: Uint8Array;
  /** Without an MLSMessage around: what clients fetch. */
  readonly bytes: Uint8Array;
}

export type MlsMessage =
  | PublicMessage
  | PrivateMessage
  | Welcome
  | GroupInfo
  | { readonly kind: 'key-package'; readonly keyPackage: KeyPackage };

/** One message, with its bytes as they came. */
export interface FramedMessage<M extends MlsMessage = MlsMessage> {
  readonly message: M;
  readonly bytes: Uint8Array;
}

/** @throws MlsDecodeError also when bytes follow */
export function parseMlsMessage(bytes: Uint8Array): MlsMessage {
  return decodeWhole(bytes, readMlsMessage);
}

/** Messages one after the other, as a commit bundle has them. @throws MlsDecodeError */
export function parseMlsMessages(bytes: Uint8Array): readonly FramedMessage[] {
  const reader = new Reader(bytes);
  const messages: FramedMessage[] = [];
  while (!reader.isAtEnd) {
    const start = reader.position;
    const message = readMlsMessage(reader);
    messages.push({ message, bytes: reader.since(start) });
  }
  return messages;
}

function readMlsMessage(reader: Reader): MlsMessage {
  const at = reader.position;
  const version = reader.uint16();
  if (version !== 1) throw new MlsDecodeError(`found protocol version ${version} at ${at}, expected 1`);
  const formatAt = reader.position;
  const format = reader.uint16();
  switch (format) {
    case wireFormats.publicMessage:
      return readPublicMessage(reader, formatAt);
    case wireFormats.privateMessage:
      return readPrivateMessage(reader);
    case wireFormats.welcome:
      return readWelcome(reader);
    case wireFormats.groupInfo:
      return readGroupInfo(reader);
    case wireFormats.keyPackage:
      return { kind: 'key-package', keyPackage: readKeyPackage(reader) };
    default:
      throw new MlsDecodeError(`found wire format ${format} at ${formatAt}, expected 1 to 5`);
  }
}

function readPublicMessage(reader: Reader, formatAt: number): PublicMessage {
  const start = reader.position;
  const groupId = reader.opaque();
  const epoch = reader.uint64();
  const sender = readSender(reader);
  reader.opaque();
  const content = readContent(reader);
  const framed = reader.since(start);
  const signature = reader.opaque();
  if (content.type === 'commit') reader.opaque();
  const authenticated = reader.since(formatAt);
  if (sender.type === 'member') reader.opaque();
  return { kind: 'public-message', groupId, epoch, sender, content, framed, signature, authenticated };
}

function readSender(reader: Reader): Sender {
  const at = reader.position;
  const type = reader.uint8();
  switch (type) {
    case 1:
      return { type: 'member', leafIndex: reader.uint32() };
    case 2:
      return { type: 'external', senderIndex: reader.uint32() };
    case 3:
      return { type: 'new-member-proposal' };
    case 4:
      return { type: 'new-member-commit' };
    default:
      throw new MlsDecodeError(`found sender type ${type} at ${at}, expected 1 to 4`);
  }
}

const contentTypes = { 1: 'application', 2: 'proposal', 3: 'commit' } as const;

function readContentType(reader: Reader): 'application' | 'proposal' | 'commit' {
  const at = reader.position;
  const number = reader.uint8();
  if (number !== 1 && number !== 2 && number !== 3)
    throw new MlsDecodeError(`found content type ${number} at ${at}, expected 1 to 3`);
  return contentTypes[number];
}

function readContent(reader: Reader): PublicContent {
  const type = readContentType(reader);
  if (type === 'proposal') return { type, proposal: readProposal(reader) };
  if (type === 'commit') return { type, commit: readCommit(reader) };
  reader.opaque();
  return { type };
}

function readPrivateMessage(reader: Reader): PrivateMessage {
  const groupId = reader.opaque();
  const epoch = reader.uint64();
  const contentType = readContentType(reader);
  // Authenticated data, encrypted sender data, ciphertext.
  for (let part = 0; part < 3; part += 1) reader.opaque();
  return { kind: 'private-message', groupId, epoch, contentType };
}

function readWelcome(reader: Reader): Welcome {
  const suite = reader.uint16();
  const newMembers = reader.list((inside) => {
    const reference = inside.opaque();
    inside.opaque();
    inside.opaque();
    return reference;
  });
  reader.opaque();
  return { kind: 'welcome', suite, newMembers };
}

function readGroupInfo(reader: Reader): GroupInfo {
  const start = reader.position;
  const context = readGroupContext(reader);
  const extensions = readExtensions(reader);
  reader.opaque();
  const signer = reader.uint32();
  const signed = reader.since(start);
  const signature = reader.opaque();
  return { kind: 'group-info', context, extensions, signer, signature, signed, bytes: reader.since(start) };
}

function readGroupContext(reader: Reader): GroupContext {
  const start = reader.position;
  reader.uint16();
  const suite = reader.uint16();
  const groupId = reader.opaque();
  const epoch = reader.uint64();
  const treeHash = reader.opaque();
  reader.opaque();
  const extensions = readExtensions(reader);
  return { suite, groupId, epoch, treeHash, extensions, bytes: reader.since(start) };
}

/** A group info as it is kept and fetched. @throws MlsDecodeError */
export function parseGroupInfo(bytes: Uint8Array): GroupInfo {
  return decodeWhole(bytes, readGroupInfo);
}

/** The leaves of a group info's tree by index (RFC 9420 section 12.4.3.3); undefined when it carries none. */
export function leavesOf({ extensions }: GroupInfo): ReadonlyMap<number, LeafNode> | undefined {
  const tree = extensions.find(({ type }) => type === extensionTypes.ratchetTree);
  if (tree === undefined) return undefined;
  const nodes = decodeWhole(tree.data, (reader) => reader.list((inside) => inside.optional(readNode)));
  const leaves = new Map<number, LeafNode>();
  // Leaves are at the even places.
  nodes.forEach((node, place) => {
    if (node !== undefined && place % 2 === 0) leaves.set(place / 2, mustBeLeaf(node, place));
  });
  return leaves;
}

function mustBeLeaf(node: LeafNode | 'parent', place: number): LeafNode {
  if (node === 'parent')
    throw new MlsDecodeError(`found a parent at place ${place} of the tree, expected a leaf`);
  return node;
}

function readNode(reader: Reader): LeafNode | 'parent' {
  const at = reader.position;
  const type = reader.uint8();
  if (type === 1) return readLeafNode(reader);
  if (type !== 2) throw new MlsDecodeError(`found node type ${type} at ${at}, expected 1 or 2`);
  // Encryption key, parent hash, unmerged leaves.
  for (let part = 0; part < 3; part += 1) reader.opaque();
  return 'parent';
}
