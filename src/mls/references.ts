import { createHash } from 'node:crypto';
import type { CipherSuite } from './cipher-suites.ts';
import { opaque } from './writer.ts';

/** RefHash of RFC 9420 section 5.2. */
function reference(label: string, value: Uint8Array, { hash }: CipherSuite): Buffer {
  return createHash(hash)
    .update(opaque(Buffer.from(label)))
    .update(opaque(value))
    .digest();
}

/** How a welcome names a key package; `bytes` are those of the bare key package. */
export function keyPackageReference(bytes: Uint8Array, suite: CipherSuite): Buffer {
  return reference('MLS 1.0 KeyPackage Reference', bytes, suite);
}

/** How a commit names a proposal; `bytes` are those of its AuthenticatedContent. */
export function proposalReference(bytes: Uint8Array, suite: CipherSuite): Buffer {
  return reference('MLS 1.0 Proposal Reference', bytes, suite);
}
