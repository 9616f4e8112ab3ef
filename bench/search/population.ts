import { randomUUID } from 'node:crypto';
import type { AccountRow, Storage } from '#storage';
import { termsOf } from '../../src/brig/search/index-key.ts';

/** A small fast generator with a seed, so that every run searches among the same people. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const givenNames =
  'Anna Maria Alexander Michael Sophie Thomas Julia Daniel Laura Stefan Katharina Andreas Sarah Martin Lena Peter Nina Christian Eva Markus Zoë Jürgen Łukasz Дмитрий Γιώργος Aïcha Mehmet Yuki Olga Bob';
const familyParts =
  'Schmidt Müller Meyer Schneider Fischer Weber Wagner Becker Hoffmann Koch Richter Klein Wolf Neumann Schwarz Braun Krüger Lange Werner Lehmann Garcia Smith Jones Brown Ivanov Papadopoulos Yılmaz Nguyen Andersson Rossi';

/** Names are as unevenly spread as people's: the first of a list is the commonest. */
export function pick<T>(list: readonly T[], random: () => number): T {
  const item = list[Math.floor(random() ** 2 * list.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function person(number: number, random: () => number): AccountRow {
  const given = pick(givenNames.split(' '), random);
  const families = familyParts.split(' ');
  const family =
    random() < 0.1 ? `${pick(families, random)}-${pick(families, random)}` : pick(families, random);
  const name =
    random() < 0.2 ? `${given} ${pick(givenNames.split(' '), random)} ${family}` : `${given} ${family}`;
  const ascii = `${given}.${family}`
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z.]/g, '');
  return {
    id: randomUUID(),
    status: 'active',
    name,
    email: null,
    email_key: null,
    handle: random() < 0.9 ? `${ascii}${number}` : null,
    password_hash: null,
    accent_id: 1,
    picture: '[]',
    assets: '[]',
    supported_protocols: '["proteus","mls"]',
    locale: 'en',
    managed_by: 'wire',
    team: null,
    sso_id: null,
    service: null,
    expires_at: null,
    created_at: 0,
  };
}

/** Fills an empty storage with people, in bulk: what `indexAccount` writes for each, many rows at a time. */
export async function populate(storage: Storage, users: number, random: () => number): Promise<void> {
  const chunk = 500;
  for (let start = 0; start < users; start += chunk) {
    const people = Array.from({ length: Math.min(chunk, users - start) }, (_, n) =>
      person(start + n, random),
    );
    const terms = people.flatMap((account) =>
      termsOf(account, false).map((term) => ({ term, user_id: account.id })),
    );
    await storage.work(async (work) => {
      await work.db.insertInto('account').values(people).execute();
      await work.db.insertInto('search_term').values(terms).execute();
    });
  }
}
