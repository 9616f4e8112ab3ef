import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  generatePrimeSync,
  type KeyObject,
} from 'node:crypto';

/** A kind of key by name: `P-256`, `Ed25519`, `RSA-2048`; or the OpenSSL name of any other curve. */
export type KeyKind = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | `RSA-${number}` | `curve:${string}`;

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/**
 * Makes a key. RSA above 4096 bits is made of many small primes: fast, and right in
 * size (but for a few bits), not in strength. */
export function createKey(kind: KeyKind): KeyPair {
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  if (!kind.startsWith('RSA-')) return generateKeyPairSync('ec', { namedCurve: kind.replace(/^curve:/, '') });
  const bits = Number(kind.slice(4));
  return bits <= 4096 ? generateKeyPairSync('rsa', { modulusLength: bits }) : createManyPrimeRsa(bits);
}

/**
 * The two "primes" of the key are themselves products of 1024-bit primes. The Chinese-remainder arithmetic of RSA holds
 * for them with exponents modulo the least common multiple of all p - 1, and a search for 8192-bit primes is saved.
 */
function createManyPrimeRsa(bits: number): KeyPair {
  const exponent = 65537n;
  const half = bits / 2048;
  const [p, pOrder] = productOfPrimes(half, exponent);
  const [q, qOrder] = productOfPrimes(half, exponent);
  const order = (pOrder / gcd(pOrder, qOrder)) * qOrder;
  const d = inverse(exponent, order);
  const privateKey = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'RSA',
      n: base64url(p * q),
      e: base64url(exponent),
      d: base64url(d),
      p: base64url(p),
      q: base64url(q),
      dp: base64url(d % pOrder),
      dq: base64url(d % qOrder),
      qi: base64url(inverse(q, p)),
    },
  });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** A product of distinct primes and the order of its group. */
function productOfPrimes(count: number, exponent: bigint): readonly [product: bigint, order: bigint] {
  for (;;) {
    const primes = Array.from({ length: count }, () => generatePrimeSync(1024, { bigint: true }));
    const product = primes.reduce((left, right) => left * right, 1n);
    const order = primes.reduce((left, prime) => (left / gcd(left, prime - 1n)) * (prime - 1n), 1n);
    if (gcd(order, exponent) === 1n) return [product, order];
  }
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [previous, current] = [modulus, value % modulus];
  let [previousFactor, factor] = [0n, 1n];
  while (current !== 0n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [previousFactor, factor] = [factor, previousFactor - quotient * factor];
  }
  return ((previousFactor % modulus) + modulus) % modulus;
}

function base64url(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
}
