import type { TestOf } from '#contract/fedcalls/document.ts';
import { assets } from './assets.ts';
import { bots } from './bots.ts';
import { deletions } from './deletions.ts';
import { keyPackages } from './key-packages.ts';
import { legalhold } from './legalhold.ts';
import { mls } from './mls.ts';
import type { AnyRow } from './play.ts';
import { proteus } from './proteus.ts';
import { users } from './users.ts';

/** What the tests of federated calls play, by the names of their files. */
export const subjects: readonly { readonly name: string; readonly rows: readonly AnyRow[] }[] = [
  proteus,
  bots,
  keyPackages,
  users,
  assets,
  deletions,
  legalhold,
  mls,
];

/** The test that plays a federated call of a route. */
export const testOf: TestOf = (route, rpc) => {
  const subject = subjects.find(({ rows }) => rows.some((row) => row.route === route && row.rpc === rpc));
  return subject && `test/federation/fedcalls/${subject.name}.test.ts`;
};
