import { MlsDecodeError, type Reader } from './reader.ts';

/** Who a member says it is (RFC 9420 section 5.3). */
export type Credential =
  | { readonly type: 'basic'; readonly identity: Uint8Array }
  /** DER, the member's own first. */
  | { readonly type: 'x509'; readonly certificates: readonly Uint8Array[] };

export const credentialTypes = { basic: 1, x509: 2 } as const;

/** When a key package may be used: Unix seconds. */
export interface KeyPackageLifetime {
  readonly notBefore: bigint;
  readonly notAfter: bigint;
}

export type LeafNodeSource =
  | { readonly type: 'key-package'; readonly lifetime: KeyPackageLifetime }
  | { readonly type: 'update' }
  | { readonly type: 'commit' };

export interface Extension {
  readonly type: number;
  readonly data: Uint8Array;
}

export const extensionTypes = { ratchetTree: 2, externalPub: 4, externalSenders: 5 } as const;

/** A member's leaf (RFC 9420 section 7.2). */
export interface LeafNode {
  readonly encryptionKey: Uint8Array;
  /** Raw: 32 bytes, or an uncompressed point. */
  readonly signatureKey: Uint8Array;
  readonly credential: Credential;
  /** Types of credentials that the member understands. */
  readonly credentialTypes: readonly number[];
  readonly source: LeafNodeSource;
  readonly signature: Uint8Array;
  /** The bytes that are signed, without what a leaf in a group has beside them. */
  readonly signed: Uint8Array;
}

export function readLeafNode(reader: Reader): LeafNode {
  const start = reader.position;
  const encryptionKey = reader.opaque();
  const signatureKey = reader.opaque();
  const credential = readCredential(reader);
  const types = readCapabilities(reader);
  const source = readSource(reader);
  readExtensions(reader);
  const signed = reader.since(start);
  return {
    encryptionKey,
    signatureKey,
    credential,
    credentialTypes: types,
    source,
    signature: reader.opaque(),
    signed,
  };
}

function readCredential(reader: Reader): Credential {
  const at = reader.position;
  const type = reader.uint16();
  if (type === credentialTypes.basic) return { type: 'basic', identity: reader.opaque() };
  if (type === credentialTypes.x509)
    return { type: 'x509', certificates: reader.list((inside) => inside.opaque()) };
  throw new MlsDecodeError(`found credential type ${type} at ${at}, expected 1 (basic) or 2 (x509)`);
}

/** Versions, suites, extensions, proposals, credentials: only the last are of interest. */
function readCapabilities(reader: Reader): readonly number[] {
  const number = (inside: Reader) => inside.uint16();
  for (let list = 0; list < 4; list += 1) reader.list(number);
  return reader.list(number);
}

function readSource(reader: Reader): LeafNodeSource {
  const at = reader.position;
  const type = reader.uint8();
  switch (type) {
    case 1:
      return {
        type: 'key-package',
        lifetime: { notBefore: reader.uint64(), notAfter: reader.uint64() },
      };
    case 2:
      return { type: 'update' };
    case 3:
      reader.opaque();
      return { type: 'commit' };
    default:
      throw new MlsDecodeError(`found leaf node source ${type} at ${at}, expected 1 to 3`);
  }
}

export function readExtensions(reader: Reader): readonly Extension[] {
  return reader.list((inside) => ({ type: inside.uint16(), data: inside.opaque() }));
}
