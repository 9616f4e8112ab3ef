import { keyPackages } from './key-packages.ts';
import { play } from './play.ts';

play(keyPackages);
