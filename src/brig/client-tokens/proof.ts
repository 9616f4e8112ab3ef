import type { KeyObject } from 'node:crypto';
import type { LabelKey } from '#contract/labels.ts';
import { refuse } from '#contract/refusal.ts';
import {
  type Algorithm,
  findAlgorithm,
  isSignedBy,
  type Members,
  parseWebToken,
  readPublicKey,
} from './web-token.ts';

/** What a proof must say. Times are Unix seconds. */
export interface ExpectedProof {
  /** The client as a URI. */
  readonly subject: string;
  /** The handle as a URI. */
  readonly handle: string;
  readonly name: string;
  readonly team: string;
  /** That was given to the client last. */
  readonly nonce: string;
  /** Where the proof goes. */
  readonly url: string;
  readonly now: number;
  /** How far the client's clock may be off. */
  readonly maxSkew: number;
  /** How far ahead the end of the proof may be. */
  readonly maxLifetime: number;
}

/** What a proof has shown. */
export interface Proof {
  readonly text: string;
  readonly algorithm: Algorithm;
  /** The key that the client has signed with. */
  readonly key: KeyObject;
  /** The authority's challenge, and where the token over it goes. */
  readonly challenge: string;
  readonly audience: string;
}

/**
 * Judges the proof of a client that asks for an access token (RFC 9449, in the form of wire-server): whether it is signed
 * by the key that it names, for this request, and says who the client is.
 * @throws Refusal with the label of the first thing that is wrong: syntax, signature, who, when, for what.
 */
export function judgeProof(text: string, expected: ExpectedProof): Proof {
  const token = parseWebToken(text);
  if (token === undefined) throw refuse('client-token-parse-error');
  const { header, claims } = token;
  if (header.typ !== 'dpop+jwt') throw refuse('client-token-type-error');
  const algorithm = findAlgorithm(header.alg);
  if (algorithm === undefined) throw refuse('client-token-unsupported-alg');
  if (header.jwk === undefined) throw refuse('missing-dpop-header');
  const key = readPublicKey(header.jwk, algorithm);
  if (key === undefined) throw refuse('client-token-parse-error');
  if (!isSignedBy(token, key, algorithm)) throw refuse('client-token-bad-signature');
  assertEqual(claims.sub, expected.subject, 'client-token-bad-client-id');
  assertEqual(claims.nonce, expected.nonce, 'client-token-bad-nonce');
  if (typeof claims.jti !== 'string') throw refuse('client-token-jti-missing');
  const { chal: challenge } = claims;
  if (typeof challenge !== 'string') throw refuse('client-token-chal-missing');
  assertTimely(claims, expected);
  assertEqual(claims.htm, 'POST', 'client-token-bad-method');
  assertEqual(claims.htu, expected.url, 'client-token-bad-uri');
  assertEqual(claims.handle, expected.handle, 'dpop-handle-mismatch');
  assertEqual(claims.team, expected.team, 'dpop-team-mismatch');
  assertEqual(claims.name, expected.name, 'dpop-display-name-mismatch');
  const audience = readAudience(claims.aud);
  return { text, algorithm, key, challenge, audience };
}

function assertEqual(found: unknown, expected: string, label: LabelKey): void {
  if (found !== expected) throw refuse(label);
}

function assertTimely({ iat, nbf, exp }: Members, { now, maxSkew, maxLifetime }: ExpectedProof): void {
  if (typeof iat !== 'number') throw refuse('client-token-iat-missing');
  if (iat > now + maxSkew) throw refuse('client-token-bad-iat');
  if (nbf !== undefined && !(typeof nbf === 'number' && nbf <= now + maxSkew)) throw refuse('not-yet-valid');
  if (typeof exp !== 'number') throw refuse('client-token-exp-missing');
  if (exp < now - maxSkew) throw refuse('client-token-exp-too-small');
  if (exp > now + maxLifetime) throw refuse('client-token-exp-too-large');
}

/** One URL, alone or as a list. */
function readAudience(aud: unknown): string {
  const [audience, ...others] = Array.isArray(aud) ? (aud as unknown[]) : [aud];
  if (typeof audience === 'string' && others.length === 0 && URL.canParse(audience)) return audience;
  throw refuse('client-token-parse-error', { message: 'aud: expected the URL of the challenge' });
}
