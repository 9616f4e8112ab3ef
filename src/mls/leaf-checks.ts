import type { CipherSuite } from './cipher-suites.ts';
import { identityOf, identityText, type MlsClientIdentity } from './client-identity.ts';
import { credentialTypes, type LeafNode } from './leaf-node.ts';
import { isSignedWithLabel } from './signatures.ts';
import { opaque, uint32 } from './writer.ts';

/** What a leaf that comes with a commit or an update must fulfil. */
export interface LeafRules {
  readonly source: 'commit' | 'update';
  readonly identity: MlsClientIdentity;
  readonly suite: CipherSuite;
  readonly groupId: Uint8Array;
  /** Where it will be. */
  readonly leafIndex: number;
}

/** What is wrong with a leaf (RFC 9420 section 7.3); undefined when nothing is. */
export function leafFault(leaf: LeafNode, rules: LeafRules): string | undefined {
  const { scheme } = rules.suite;
  const content = Buffer.concat([leaf.signed, opaque(rules.groupId), uint32(rules.leafIndex)]);
  const { signature, signatureKey: key } = leaf;
  if (!isSignedWithLabel({ label: 'LeafNodeTBS', content, signature, key, scheme }))
    return "The leaf node's signature is not valid";
  const identity = identityOf(leaf, scheme);
  if (identity === undefined) return 'The credential names no client';
  if (identityText(identity) !== identityText(rules.identity))
    return `The credential names ${identityText(identity)}, expected ${identityText(rules.identity)}`;
  if (leaf.source.type !== rules.source)
    return `The leaf node's source is ${leaf.source.type}, expected ${rules.source}`;
  if (!leaf.credentialTypes.includes(credentialTypes[leaf.credential.type]))
    return `The leaf node's capabilities lack its own credential type ${leaf.credential.type}`;
  return undefined;
}
