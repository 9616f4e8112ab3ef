import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether two secrets are the same, in a time that does not tell where they differ. */
export function sameSecret(given: string, known: string): boolean {
  return timingSafeEqual(fingerprint(given), fingerprint(known));
}

/** Equal lengths are what `timingSafeEqual` needs. */
function fingerprint(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
