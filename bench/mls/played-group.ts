import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { identityText, type MlsClientIdentity, rawPublicKey } from '#mls';
import { extensionTypes } from '../../src/mls/leaf-node.ts';
import { wireFormats } from '../../src/mls/messages.ts';
import { signWithLabel } from '../../src/mls/signatures.ts';
import { opaque, uint8, uint16, uint32, uint64 } from '../../src/mls/writer.ts';

/**
 * The first member of a group of any size, as far as a server can tell: real signatures and messages as long as those of
 * a group whose members have all committed before, with random bytes for whatever only members can check. Encrypting
 * for a thousand members takes a client minutes, and is not what is measured.
 */
export interface PlayedGroup {
  readonly groupId: Buffer;
  /** Raw. */
  readonly signatureKey: Buffer;
  readonly epoch: bigint;
  /** Bare, of the present epoch. */
  groupInfo(): Buffer;
  /** Commit and group info of the next epoch, which begins with it. The commit ends with the number. */
  commit(number: number): Buffer;
  /** An application message, which ends with the number. */
  message(number: number): Buffer;
}

const scheme = 'ed25519';
const suite = 1;
const mls10 = uint16(1);
const keyBytes = 32;
const signatureBytes = 64;
const tagBytes = 32;
/** What encrypting to a node of the tree makes of its secret: a key, and the secret with its authentication tag. */
const sealedBytes = 48;
/** What Wire's clients send for a short text. */
const ciphertextBytes = 300;

const random = (length: number) => opaque(randomBytes(length));
const list = (parts: readonly Uint8Array[]) => opaque(Buffer.concat(parts));

export function playGroup(groupId: Buffer, identities: readonly MlsClientIdentity[]): PlayedGroup {
  const { privateKey } = generateKeyPairSync(scheme);
  const signatureKey = rawPublicKey(privateKey, scheme);
  const tree = treeOf(identities);
  const extensions = list([extension(extensionTypes.externalSenders, random(keyBytes))]);
  const contextOf = (epoch: bigint) =>
    Buffer.concat([
      ...[mls10, uint16(suite), opaque(groupId), uint64(epoch)],
      ...[random(tagBytes), random(tagBytes), extensions],
    ]);
  const infoOf = (context: Buffer) => groupInfo(context, tree, privateKey);
  const [committer] = identities;
  if (committer === undefined) throw new Error('a group has members');
  let epoch = 1n;
  let context = contextOf(epoch);
  return {
    groupId,
    signatureKey,
    get epoch() {
      return epoch;
    },
    groupInfo: () => infoOf(context),
    commit(number) {
      const path = updatePath({ committer, groupId, signatureKey, privateKey }, identities.length);
      const framed = framedCommit(groupId, epoch, path);
      const head = Buffer.concat([mls10, uint16(wireFormats.publicMessage), framed]);
      const signed = Buffer.concat([head, context]);
      const signature = signWithLabel('FramedContentTBS', signed, privateKey, scheme);
      const commit = Buffer.concat([head, opaque(signature), random(tagBytes), random(tagBytes)]);
      epoch += 1n;
      context = contextOf(epoch);
      const info = Buffer.concat([mls10, uint16(wireFormats.groupInfo), infoOf(context)]);
      return Buffer.concat([numbered(commit, number), info]);
    },
    message(number) {
      const bytes = Buffer.concat([
        ...[mls10, uint16(wireFormats.privateMessage), opaque(groupId), uint64(epoch), uint8(1)],
        ...[opaque(Buffer.alloc(0)), random(28), random(ciphertextBytes)],
      ]);
      return numbered(bytes, number);
    },
  };
}

/** The last bytes are of a tag or ciphertext that no server looks into. */
function numbered(bytes: Buffer, number: number): Buffer {
  bytes.writeUInt32BE(number, bytes.length - 4);
  return bytes;
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([uint16(type), opaque(data)]);
}

/** All leaves, and all parents between them, none of them blank. */
function treeOf(identities: readonly MlsClientIdentity[]): Buffer {
  const present = uint8(1);
  const parent = () =>
    Buffer.concat([present, uint8(2), random(keyBytes), random(tagBytes), opaque(Buffer.alloc(0))]);
  return list(
    identities.flatMap((identity, index) => {
      const leaf = leafContent(identity, randomBytes(keyBytes));
      const node = Buffer.concat([present, uint8(1), leaf, random(signatureBytes)]);
      return index === 0 ? [node] : [parent(), node];
    }),
  );
}

/** A leaf that has come with a commit, up to its signature. */
function leafContent(identity: MlsClientIdentity, signatureKey: Buffer): Buffer {
  const numbers = (...values: readonly number[]) => list(values.map(uint16));
  return Buffer.concat([
    random(keyBytes),
    opaque(signatureKey),
    ...[uint16(1), opaque(Buffer.from(identityText(identity)))],
    ...[numbers(1), numbers(1, 2, 5, 7), numbers(), numbers(), numbers(1, 2)],
    ...[uint8(3), random(tagBytes)],
    list([]),
  ]);
}

interface Committer {
  readonly committer: MlsClientIdentity;
  readonly groupId: Buffer;
  readonly signatureKey: Buffer;
  readonly privateKey: KeyObject;
}

/** A new leaf, and for each node above it a key and one secret for the other side of the tree. */
function updatePath({ committer, groupId, signatureKey, privateKey }: Committer, members: number): Buffer {
  const content = leafContent(committer, signatureKey);
  const signed = Buffer.concat([content, opaque(groupId), uint32(0)]);
  const signature = signWithLabel('LeafNodeTBS', signed, privateKey, scheme);
  const secret = () => Buffer.concat([random(keyBytes), random(sealedBytes)]);
  const above = Array.from({ length: Math.ceil(Math.log2(members)) }, () =>
    Buffer.concat([random(keyBytes), list([secret()])]),
  );
  return Buffer.concat([content, opaque(signature), list(above)]);
}

/** Of the member at the first leaf, without proposals. */
function framedCommit(groupId: Buffer, epoch: bigint, path: Buffer): Buffer {
  const sender = Buffer.concat([uint8(1), uint32(0)]);
  const none = list([]);
  return Buffer.concat([opaque(groupId), uint64(epoch), sender, none, uint8(3), none, uint8(1), path]);
}

function groupInfo(context: Buffer, tree: Buffer, privateKey: KeyObject): Buffer {
  const extensions = list([
    extension(extensionTypes.ratchetTree, tree),
    extension(extensionTypes.externalPub, random(keyBytes)),
  ]);
  const signed = Buffer.concat([context, extensions, random(tagBytes), uint32(0)]);
  return Buffer.concat([signed, opaque(signWithLabel('GroupInfoTBS', signed, privateKey, scheme))]);
}
