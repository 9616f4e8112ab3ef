import { play } from './play.ts';
import { proteus } from './proteus.ts';

play(proteus);
