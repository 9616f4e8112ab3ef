import { getMlsPublicKeys } from '#contract/client/mls-keys.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import { keysIn, tellKeys } from '../mls/public-keys.ts';
import type { RemovalKeys } from '../mls/removal-keys.ts';

interface Needs {
  /** Undefined when MLS is off. */
  readonly removalKeys: RemovalKeys | undefined;
}

/** What clients need to know of the backend before they make a group. */
export function mlsKeyRoutes({ removalKeys }: Needs): readonly ServedRoute[] {
  return [
    handle(getMlsPublicKeys, ({ query }) => {
      if (removalKeys === undefined) throw refuse('mls-not-enabled');
      return { status: 200, body: keysIn(query.format, tellKeys(removalKeys)) };
    }),
  ];
}
