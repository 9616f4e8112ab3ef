import { assets } from './assets.ts';
import { play } from './play.ts';

play(assets);
