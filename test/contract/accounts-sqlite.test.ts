import { accountSuites } from './accounts-suites.ts';
import { describeOnSqlite } from './databases.ts';

describeOnSqlite('accounts', accountSuites);
