import type { TestAnswer, TestUser } from '#testkit';
import { expectStatus } from './conversation-rig.ts';

/** What the tests of key packages share: claims, and what they give. */

export interface Claimed {
  readonly user: string;
  readonly domain: string;
  readonly client: string;
  readonly key_package: string;
  readonly key_package_ref: string;
}

/** Claims one key package of each client of a user of any backend. */
export function claimOf(
  user: TestUser,
  { domain, id }: { readonly domain: string; readonly id: string },
  query = '',
): Promise<TestAnswer> {
  // As Wire's clients do: a content type, but no body.
  const headers = { 'content-type': 'application/json' };
  return user.send(`/mls/key-packages/claim/${domain}/${id}${query}`, { method: 'POST', headers });
}

export function claimedIn(answer: TestAnswer): readonly Claimed[] {
  expectStatus(answer, 200);
  return answer.get('key_packages') as readonly Claimed[];
}
