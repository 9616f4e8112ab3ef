import {
  type CiphersuiteName,
  type Credential,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
} from 'ts-mls';
import { signWithLabel } from 'ts-mls/crypto/signature.js';
import { encodeKeyPackageTBS } from 'ts-mls/keyPackage.js';
import { encodeLeafNodeData, encodeLeafNodeInfoOmitted, type LeafNodeKeyPackage } from 'ts-mls/leafNode.js';

/** What is made otherwise than an honest client would. Everything is signed over what is really there. */
export interface Forgery {
  readonly suite?: CiphersuiteName;
  readonly keys?: SignatureKeys;
  readonly credential?: Credential;
  readonly credentialTypes?: LeafNodeKeyPackage['capabilities']['credentials'];
  /** Unix seconds. */
  readonly notBefore?: bigint;
  readonly notAfter?: bigint;
  /** Says that it came with an update. */
  readonly isUpdate?: boolean;
  readonly version?: number;
  readonly suiteNumber?: number;
  /** The signature that is not valid. */
  readonly broken?: 'key package' | 'leaf node';
}

export interface SignatureKeys {
  readonly signKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Each of the server's suites that the library can play. */
export const suiteNames = {
  1: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
  2: 'MLS_128_DHKEMP256_AES128GCM_SHA256_P256',
  5: 'MLS_256_DHKEMP521_AES256GCM_SHA512_P521',
  7: 'MLS_256_DHKEMP384_AES256GCM_SHA384_P384',
} as const satisfies Record<number, CiphersuiteName>;

const implementation = (name: CiphersuiteName) => getCiphersuiteImpl(getCiphersuiteFromName(name));

export async function makeSignatureKeys(suite: CiphersuiteName = suiteNames[1]): Promise<SignatureKeys> {
  return (await implementation(suite)).signature.keygen();
}

/** Makes a bare key package of `identity` (`<user>:<client>@<domain>`). */
export async function makeKeyPackage(identity: string, forgery: Forgery = {}): Promise<Buffer> {
  const crypto = await implementation(forgery.suite ?? suiteNames[1]);
  const keys = forgery.keys ?? (await crypto.signature.keygen());
  const { publicPackage: made } = await generateKeyPackageWithKey(
    forgery.credential ?? { credentialType: 'basic', identity: Buffer.from(identity) },
    {
      versions: ['mls10'],
      ciphersuites: Object.values(suiteNames),
      extensions: [],
      proposals: [],
      credentials: forgery.credentialTypes ?? ['basic', 'x509'],
    },
    { notBefore: forgery.notBefore ?? 0n, notAfter: forgery.notAfter ?? 4_000_000_000n },
    [],
    keys,
    crypto,
  );
  const sign = async (label: string, content: Uint8Array, isBroken: boolean) => {
    const signed = isBroken ? Buffer.concat([content, Buffer.of(0)]) : content;
    return await signWithLabel(keys.signKey, label, signed, crypto.signature);
  };
  const source = forgery.isUpdate ? { leafNodeSource: 'update' as const, extensions: [] } : made.leafNode;
  const leafBytes = Buffer.concat([encodeLeafNodeData(made.leafNode), encodeLeafNodeInfoOmitted(source)]);
  const leafSignature = await sign('LeafNodeTBS', leafBytes, forgery.broken === 'leaf node');
  const leafNode = { ...made.leafNode, ...source, signature: leafSignature } as LeafNodeKeyPackage;
  const signed = Buffer.from(encodeKeyPackageTBS({ ...made, leafNode }));
  if (forgery.version !== undefined) signed.writeUInt16BE(forgery.version, 0);
  if (forgery.suiteNumber !== undefined) signed.writeUInt16BE(forgery.suiteNumber, 2);
  const signature = await sign('KeyPackageTBS', signed, forgery.broken === 'key package');
  return Buffer.concat([signed, lengthOf(signature.length), signature]);
}

/** RFC 9420 section 2.1.2; signatures are shorter than 16 KiB. */
function lengthOf(length: number): Buffer {
  return length < 0x40 ? Buffer.of(length) : Buffer.of(0x40 | (length >> 8), length & 0xff);
}
