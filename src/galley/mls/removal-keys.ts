import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { rawPublicKey, type SignatureScheme, signatureSchemes } from '#mls';
import { createOnce, readIfThere } from '#storage';

/**
 * The keys with which this backend proposes to remove clients from MLS groups: one for each signature scheme. Groups name
 * the public key of their scheme as the only external sender (reference client-api 8.3, 8.6).
 */
export interface RemovalKeys {
  privateKey(scheme: SignatureScheme): KeyObject;
  /** Raw: 32 bytes, or an uncompressed point. */
  publicKey(scheme: SignatureScheme): Buffer;
}

const curves: Readonly<Record<SignatureScheme, string | undefined>> = {
  ed25519: undefined,
  ecdsa_secp256r1_sha256: 'P-256',
  ecdsa_secp384r1_sha384: 'P-384',
  ecdsa_secp521r1_sha512: 'P-521',
};

/**
 * Reads the keys of a directory, PKCS #8 in `<scheme>.pem`, or makes them there on the first start. They stay: groups
 * that exist believe no others.
 * @throws Error that names the file that cannot be read or is no key of its scheme
 */
export async function openRemovalKeys(directory: string): Promise<RemovalKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pairs = new Map<SignatureScheme, { readonly privateKey: KeyObject; readonly publicKey: Buffer }>();
  for (const scheme of signatureSchemes) {
    const path = join(directory, `${scheme}.pem`);
    const pem = (await readIfThere(path)) ?? (await createOnce(path, newKey(scheme)));
    const privateKey = parseKey(pem, path, scheme);
    pairs.set(scheme, { privateKey, publicKey: rawPublicKey(privateKey, scheme) });
  }
  const pair = (scheme: SignatureScheme) => {
    const found = pairs.get(scheme);
    if (found === undefined) throw new Error(`no removal key of scheme ${scheme}`);
    return found;
  };
  return {
    privateKey: (scheme) => pair(scheme).privateKey,
    publicKey: (scheme) => pair(scheme).publicKey,
  };
}

function newKey(scheme: SignatureScheme): string {
  const namedCurve = curves[scheme];
  const { privateKey } =
    namedCurve === undefined ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** OpenSSL's names of the curves. */
const opensslCurves: Readonly<Record<string, string>> = {
  'P-256': 'prime256v1',
  'P-384': 'secp384r1',
  'P-521': 'secp521r1',
};

function parseKey(pem: string, path: string, scheme: SignatureScheme): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${path}: not a private key in PEM: ${(cause as Error).message}`, { cause });
  }
  const curve = curves[scheme];
  const isRight =
    curve === undefined
      ? key.asymmetricKeyType === 'ed25519'
      : key.asymmetricKeyDetails?.namedCurve === opensslCurves[curve];
  if (!isRight)
    throw new Error(`${path}: found a key of ${key.asymmetricKeyType}, expected one of ${scheme}`);
  return key;
}
