import { ownConnectionSuite } from './connections-own-suite.ts';

/**
 * What connections and deletion promise, the same on both databases.
 * @param freshUrl where a test may open its rig; the rig empties what an earlier one left.
 */
export function connectionSuites(freshUrl: () => Promise<string>): void {
  ownConnectionSuite(freshUrl);
}
