/**
 * MLS: what a delivery service can read of Messaging Layer Security (RFC 9420) and has to check.
 *
 * A pure library: bytes in, values and verdicts out. It decodes messages without copying them, verifies signatures with
 * the platform's crypto, makes references, and makes the one message that a server sends by itself, the removal of a
 * member. It must never know of users' accounts, conversations or storage, and it holds no secret of a group.
 *
 * Start reading at `messages.ts` (what travels), `key-package-checks.ts` (what an uploaded key package must fulfil) and
 * `message-signatures.ts` (who has said what).
 */
export {
  type CipherSuite,
  findCipherSuite,
  type SignatureScheme,
  signatureSchemes,
} from './cipher-suites.ts';
export { identityOf, identityText, type MlsClientIdentity } from './client-identity.ts';
export { type KeyPackage, parseKeyPackage } from './key-package.ts';
export { type KeyPackageRules, keyPackageFault } from './key-package-checks.ts';
export { type LeafRules, leafFault } from './leaf-checks.ts';
export type { KeyPackageLifetime, LeafNode } from './leaf-node.ts';
export {
  type ExternalRemove,
  isGroupInfoSigned,
  isPublicMessageSigned,
  proposeRemoval,
} from './message-signatures.ts';
export {
  type FramedMessage,
  type GroupInfo,
  leavesOf,
  type MlsMessage,
  type PrivateMessage,
  type PublicMessage,
  parseGroupInfo,
  parseMlsMessage,
  parseMlsMessages,
  type Sender,
  type Welcome,
} from './messages.ts';
export type { Commit, Proposal, ProposalOrReference } from './proposals.ts';
export { MlsDecodeError } from './reader.ts';
export { keyPackageReference, proposalReference } from './references.ts';
export { rawPublicKey } from './signatures.ts';
