import { refuse } from '#contract/refusal.ts';
import { type CipherSuite, findCipherSuite } from '#mls';

/** @throws Refusal `mls-protocol-error` for a suite that no client here can use. */
export function getCipherSuite(number: number): CipherSuite {
  const suite = findCipherSuite(number);
  if (suite !== undefined) return suite;
  throw refuse('mls-protocol-error', { message: `Unknown ciphersuite 0x${number.toString(16)}` });
}
