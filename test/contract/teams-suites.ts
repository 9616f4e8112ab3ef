import { teamMembersSuite } from './teams-members-suite.ts';

/** What teams promise, the same on both databases. @param freshUrl an empty database for each test */
export function teamSuites(freshUrl: () => Promise<string>): void {
  teamMembersSuite(freshUrl);
}
