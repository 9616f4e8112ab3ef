import { accessSuite } from './accounts-access-suite.ts';
import { activationSuite } from './accounts-activation-suite.ts';
import { handleSuite } from './accounts-handle-suite.ts';
import { loginSuite } from './accounts-login-suite.ts';
import { registrationSuite } from './accounts-registration-suite.ts';
import { selfSuite } from './accounts-self-suite.ts';

/**
 * What accounts promise, the same on both databases.
 * @param databaseUrl where a test may open its rig; the rig empties what an earlier one left.
 */
export function accountSuites(databaseUrl: () => Promise<string>): void {
  registrationSuite(databaseUrl);
  activationSuite(databaseUrl);
  loginSuite(databaseUrl);
  accessSuite(databaseUrl);
  handleSuite(databaseUrl);
  selfSuite(databaseUrl);
}
