import { ownConnectionSuite } from './connections-own-suite.ts';
import { remoteConnectionSuite } from './connections-remote-suite.ts';

/**
 * What connections and deletion promise, the same on both databases.
 * @param freshUrls where a test may open one rig or two; a rig empties what an earlier one left.
 */
export function connectionSuites(freshUrls: () => Promise<readonly [string, string]>): void {
  ownConnectionSuite(async () => (await freshUrls())[0]);
  remoteConnectionSuite(freshUrls);
}
