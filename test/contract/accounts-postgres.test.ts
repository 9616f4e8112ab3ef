import { accountSuites } from './accounts-suites.ts';
import { describeOnPostgres } from './databases.ts';

describeOnPostgres('accounts', accountSuites);
