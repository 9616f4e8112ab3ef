import { describeOnSqlite } from './databases.ts';
import { teamSuites } from './teams-suites.ts';

describeOnSqlite('teams', teamSuites);
