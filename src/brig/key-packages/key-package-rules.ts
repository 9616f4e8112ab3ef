import type { MlsPublicKeys } from '#contract/client/clients.ts';
import { type Refusal, refuse } from '#contract/refusal.ts';
import {
  type KeyPackage,
  keyPackageFault,
  keyPackageReference,
  type MlsClientIdentity,
  MlsDecodeError,
  parseKeyPackage,
} from '#mls';
import { getCipherSuite } from './cipher-suites.ts';
import type { LifetimeRule } from './key-package-store.ts';

/** Reads a bare key package that takes up all of the bytes. @throws Refusal that `refusal` makes of what is wrong. */
export function readKeyPackage(base64: string, refusal: (problem: string) => Refusal): KeyPackage {
  try {
    return parseKeyPackage(Buffer.from(base64, 'base64'));
  } catch (error) {
    if (error instanceof MlsDecodeError) throw refusal(error.message);
    throw error;
  }
}

/**
 * The rules of reference client-api 8.2, but for the registered key.
 * @throws Refusal `mls-protocol-error` that says which one does not hold.
 */
export function assertValid(
  keyPackage: KeyPackage,
  identity: MlsClientIdentity,
  lifetime: LifetimeRule,
): void {
  const fault = keyPackageFault(keyPackage, { identity, lifetime });
  if (fault !== undefined) throw refuse('mls-protocol-error', { message: fault });
}

/** @throws Refusal `mls-protocol-error` unless the client has registered the key that signs. */
export function assertRegisteredKey({ suite, leaf }: KeyPackage, registered: MlsPublicKeys): void {
  const { scheme } = getCipherSuite(suite);
  const key = registered[scheme];
  if (key !== undefined && Buffer.from(key, 'base64').equals(leaf.signatureKey)) return;
  throw refuse('mls-protocol-error', {
    message: `The signature key is not the ${scheme} key of the client's mls_public_keys`,
  });
}

/** When a valid key package may be used: Unix milliseconds, as far as numbers go. */
export function lifetimeOf({ leaf: { source } }: KeyPackage): {
  readonly notBefore: number;
  readonly notAfter: number;
} {
  if (source.type !== 'key-package') throw new Error('only leaf nodes of key packages have a lifetime');
  return { notBefore: toMs(source.lifetime.notBefore), notAfter: toMs(source.lifetime.notAfter) };
}

function toMs(seconds: bigint): number {
  return Number(seconds > maxSeconds ? maxSeconds : seconds) * 1000;
}

const maxSeconds = BigInt(Math.floor(Number.MAX_SAFE_INTEGER / 1000));

/** The reference of a key package, in base64. */
export function referenceOf({ bytes, suite }: KeyPackage): string {
  return keyPackageReference(bytes, getCipherSuite(suite)).toString('base64');
}
