import { mls } from './mls.ts';
import { play } from './play.ts';

play(mls);
