import { Type } from 'typebox';
import { ClientIdSchema, Domain, UserIdSchema } from './schema.ts';

/** What client API and federation API call MLS key packages (reference client-api 8.2, federation-api 5.2.11). */

/** Number of an MLS cipher suite. Which of them are known is for whoever reads the key packages to say. */
export const CipherSuiteNumber = Type.Integer({ minimum: 0, maximum: 0xffff });

/** Bytes in the standard alphabet, with padding. */
export const Base64Bytes = Type.String({
  pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
  description: 'bytes in base64',
});

/** One client's key package, taken for whoever wants to add that client to a group. */
export const ClaimedKeyPackage = Type.Object({
  user: UserIdSchema,
  domain: Domain,
  client: ClientIdSchema,
  /** RefHash of RFC 9420 section 5.2 over the bytes below. */
  key_package_ref: Base64Bytes,
  /** A bare KeyPackage, without the MLSMessage around it. */
  key_package: Base64Bytes,
});
export type ClaimedKeyPackage = Type.Static<typeof ClaimedKeyPackage>;

/** At most one for each client of a user, in no order. */
export const KeyPackageBundle = Type.Object({ key_packages: Type.Array(ClaimedKeyPackage) });
export type KeyPackageBundle = Type.Static<typeof KeyPackageBundle>;

/** A client, and whether it has key packages left of the suite that was asked for. */
export const MlsClient = Type.Object({ id: ClientIdSchema, mls: Type.Boolean() });
export type MlsClient = Type.Static<typeof MlsClient>;

/** What whoever names no suite means: X25519, AES-128-GCM, SHA-256, Ed25519. */
export const defaultCipherSuite = 1;

const hexNumber = '(?:0[xX])?0*[0-9A-Fa-f]{1,4}';

/** A suite as queries write it: hexadecimal in any case; prefix and leading zeros as one likes. */
export const CipherSuiteText = Type.String({
  pattern: `^${hexNumber}$`,
  maxLength: 32,
  description: 'a cipher suite in hexadecimal such as 0x0001',
});

/** Suites as queries write them, separated by commas. */
export const CipherSuiteTexts = Type.String({
  pattern: `^${hexNumber}(?:,${hexNumber})*$`,
  maxLength: 256,
  description: 'cipher suites in hexadecimal, separated by commas',
});

/** The number that a `CipherSuiteText` means. */
export function cipherSuiteOf(text: string): number {
  return Number.parseInt(text, 16);
}
