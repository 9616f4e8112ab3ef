import { connectionAttackSuite } from './connections-attack-suite.ts';
import { deletionSuite } from './connections-deletion-suite.ts';
import { ownConnectionSuite } from './connections-own-suite.ts';
import { remoteConnectionSuite } from './connections-remote-suite.ts';
import { userEventSuite } from './user-events-suite.ts';

/**
 * What connections and deletion promise, the same on both databases.
 * @param freshUrls where a test may open one rig or two; a rig empties what an earlier one left.
 */
export function connectionSuites(freshUrls: () => Promise<readonly [string, string]>): void {
  const freshUrl = async () => (await freshUrls())[0];
  ownConnectionSuite(freshUrl);
  remoteConnectionSuite(freshUrls);
  deletionSuite(freshUrls);
  userEventSuite(freshUrl);
  connectionAttackSuite(freshUrl);
}
