import { bots } from './bots.ts';
import { play } from './play.ts';

play(bots);
