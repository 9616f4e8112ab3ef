import { describeOnBoth } from './databases.ts';
import { providerEmailSuite } from './providers-email-suite.ts';
import { providerPasswordSuite } from './providers-password-suite.ts';

describeOnBoth('accounts of providers', (freshUrl) => {
  providerPasswordSuite(freshUrl);
  providerEmailSuite(freshUrl);
});
