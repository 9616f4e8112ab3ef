import { play } from './play.ts';
import { users } from './users.ts';

play(users);
