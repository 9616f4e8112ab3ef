import { createPublicKey, type KeyObject } from 'node:crypto';
import { refuse } from '#contract/refusal.ts';

/** The public key of a service, as its provider sees it. */
export interface ServiceKey {
  readonly type: 'rsa';
  readonly size: number;
  readonly pem: string;
}

const minBits = 2048;

/** @throws Refusal `invalid-service-key` for what is no public RSA key of at least 2048 bits in PEM */
export function readServiceKey(pem: string): ServiceKey {
  const key = parsePublicKey(pem);
  const size = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key?.asymmetricKeyType !== 'rsa' || size < minBits) {
    throw refuse('invalid-service-key', {
      message: `Invalid service key: expected a public RSA key of at least ${minBits} bits in PEM`,
    });
  }
  return { type: 'rsa', size, pem };
}

/** Node makes a public key of a private one too, which nobody should hand out. */
function parsePublicKey(pem: string): KeyObject | undefined {
  if (!/^\s*-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) return undefined;
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
