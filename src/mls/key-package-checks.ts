import { findCipherSuite } from './cipher-suites.ts';
import { identityOf, identityText, type MlsClientIdentity } from './client-identity.ts';
import type { KeyPackage } from './key-package.ts';
import { credentialTypes } from './leaf-node.ts';
import { isSignedWithLabel } from './signatures.ts';

/** What a key package must fulfil beside being well formed. What is left out is not looked at. */
export interface KeyPackageRules {
  /** Whose it must be. */
  readonly identity?: MlsClientIdentity;
  /** Unix milliseconds, and how far ahead its end may be. */
  readonly lifetime?: { readonly now: number; readonly maximumMs: number | undefined };
  /** Of which suite it must be. */
  readonly suite?: number;
}

/** What is wrong with a key package, in the order of reference client-api 8.2; undefined when nothing is. */
export function keyPackageFault(keyPackage: KeyPackage, rules: KeyPackageRules): string | undefined {
  const { version, leaf, suite: number } = keyPackage;
  const suite = findCipherSuite(number);
  if (suite === undefined) return `Unsupported ciphersuite 0x${number.toString(16)}`;
  const { scheme } = suite;
  const key = leaf.signatureKey;
  const isSigned = (label: string, content: Uint8Array, signature: Uint8Array) =>
    isSignedWithLabel({ label, content, signature, key, scheme });
  if (!isSigned('KeyPackageTBS', keyPackage.signed, keyPackage.signature))
    return "The key package's signature is not valid";
  if (version !== 1) return `Unsupported protocol version ${version}, expected 1 (MLS 1.0)`;
  if (!isSigned('LeafNodeTBS', leaf.signed, leaf.signature)) return "The leaf node's signature is not valid";
  const identity = identityOf(leaf, scheme);
  if (identity === undefined) return 'The credential names no client';
  if (rules.identity !== undefined && identityText(identity) !== identityText(rules.identity))
    return `The credential names ${identityText(identity)}, expected ${identityText(rules.identity)}`;
  if (leaf.source.type !== 'key-package')
    return `The leaf node's source is ${leaf.source.type}, expected key package`;
  if (!leaf.credentialTypes.includes(credentialTypes[leaf.credential.type]))
    return `The leaf node's capabilities lack its own credential type ${leaf.credential.type}`;
  if (rules.suite !== undefined && rules.suite !== number)
    return `The key package is of ciphersuite ${number}, expected ${rules.suite}`;
  return rules.lifetime === undefined ? undefined : lifetimeFault(leaf.source.lifetime, rules.lifetime);
}

function lifetimeFault(
  { notBefore, notAfter }: { readonly notBefore: bigint; readonly notAfter: bigint },
  { now, maximumMs }: NonNullable<KeyPackageRules['lifetime']>,
): string | undefined {
  const seconds = BigInt(Math.floor(now / 1000));
  if (notBefore > seconds) return 'The key package is not valid yet';
  if (notAfter <= seconds) return 'The key package has expired';
  if (maximumMs !== undefined && notAfter > seconds + BigInt(Math.floor(maximumMs / 1000)))
    return `The key package is valid for longer than ${maximumMs / 1000} s`;
  return undefined;
}
