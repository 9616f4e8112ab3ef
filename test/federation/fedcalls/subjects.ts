import { bots } from './bots.ts';
import { keyPackages } from './key-packages.ts';
import type { AnyRow } from './play.ts';
import { proteus } from './proteus.ts';

/** What the tests of federated calls play, by the names of their files. */
export const subjects: readonly { readonly name: string; readonly rows: readonly AnyRow[] }[] = [
  proteus,
  bots,
  keyPackages,
];
