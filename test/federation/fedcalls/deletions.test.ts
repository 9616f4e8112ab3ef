import { deletions } from './deletions.ts';
import { play } from './play.ts';

play(deletions);
