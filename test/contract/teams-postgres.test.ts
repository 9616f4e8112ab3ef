import { describeOnPostgres } from './databases.ts';
import { teamSuites } from './teams-suites.ts';

describeOnPostgres('teams', teamSuites);
