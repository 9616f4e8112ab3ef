/** How members of a group sign, by the names that clients and the backend's configuration use. */
export const signatureSchemes = [
  'ed25519',
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'ecdsa_secp521r1_sha512',
] as const;
export type SignatureScheme = (typeof signatureSchemes)[number];

/** What the server needs to know of a cipher suite. */
export interface CipherSuite {
  readonly number: number;
  /** Of references and tree hashes, as `node:crypto` names it. */
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly scheme: SignatureScheme;
}

/** RFC 9420 section 17.1, and the hybrid suite of a draft that Wire's clients know. */
const suites: readonly CipherSuite[] = [
  { number: 0x0001, hash: 'sha256', scheme: 'ed25519' },
  { number: 0x0002, hash: 'sha256', scheme: 'ecdsa_secp256r1_sha256' },
  { number: 0x0005, hash: 'sha512', scheme: 'ecdsa_secp521r1_sha512' },
  { number: 0x0007, hash: 'sha384', scheme: 'ecdsa_secp384r1_sha384' },
  { number: 0xf031, hash: 'sha256', scheme: 'ed25519' },
];
const byNumber = new Map(suites.map((suite) => [suite.number, suite]));

/** The suite of a number; undefined when no client here can use it. */
export function findCipherSuite(number: number): CipherSuite | undefined {
  return byNumber.get(number);
}
