import { legalhold } from './legalhold.ts';
import { play } from './play.ts';

play(legalhold);
