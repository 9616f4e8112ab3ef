import { clientTokensSuite } from './client-tokens-suite.ts';
import { legalholdHoldsSuite } from './legalhold-holds-suite.ts';
import { legalholdServiceSuite } from './legalhold-service-suite.ts';
import { secondFactorSuite } from './second-factor-suite.ts';
import { teamListingSuite } from './team-listing-suite.ts';
import { teamMatesSuite } from './team-mates-suite.ts';
import { teamDeletionSuite } from './teams-deletion-suite.ts';
import { teamInternalSuite } from './teams-internal-suite.ts';
import { teamInvitationsSuite } from './teams-invitations-suite.ts';
import { teamMembersSuite } from './teams-members-suite.ts';
import { teamSearchSuite } from './teams-search-suite.ts';

/** What teams promise, the same on both databases. @param freshUrl an empty database for each test */
export function teamSuites(freshUrl: () => Promise<string>): void {
  teamMembersSuite(freshUrl);
  teamInvitationsSuite(freshUrl);
  teamDeletionSuite(freshUrl);
  teamSearchSuite(freshUrl);
  teamInternalSuite(freshUrl);
  teamListingSuite(freshUrl);
  clientTokensSuite(freshUrl);
  teamMatesSuite(freshUrl);
  secondFactorSuite(freshUrl);
  legalholdServiceSuite(freshUrl);
  legalholdHoldsSuite(freshUrl);
}
