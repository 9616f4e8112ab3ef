import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { UserId } from '#contract/ids.ts';
import { openStorage, type Storage } from '#storage';
import { openPostgresServer } from '#testkit';
import { searchLocal } from '../../src/brig/search/search-local.ts';
import { createRandom, pick, populate } from './population.ts';

/**
 * Local search among 100,000 users: how long one search takes, one after the other, by kind of term. The goal is a
 * p99 under 10 ms for each kind on both databases.
 */

const users = 100_000;
const searchesPerRound = 200;
/** Each kind is measured in rounds, so that a moment in which the machine did something else shows as such. */
const rounds = 7;

/** Terms as people type them, the worst first: the fewer letters, the more users match. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  'one letter': [...'amsjklbe'],
  'two letters': ['an', 'ma', 'sc', 'mu', 'ju', 'da'],
  'common name': ['anna', 'maria', 'schmidt', 'müller', 'alexander'],
  'two common words': ['anna schmidt', 'maria mu', 'schmidt anna', 'müller alexander'],
  'two single letters': ['a s', 's m', 'm a', 'e k'],
  'words that never meet': ['bob rossi nguyen', 'anna x', 'schmidt q'],
  'part of a handle': ['anna.sch', 'maria.m', 'bob.rossi9'],
  'exact handle, unknown': ['no-such-user', 'zzzzzz'],
  'other script': ['дмитрий', 'γιώργος pap'],
};

export interface SearchMeasurement {
  readonly database: Storage['dialect'];
  readonly kind: string;
  readonly users: number;
  readonly searches: number;
  readonly results: number;
  /** Over all searches. */
  readonly p50Ms: number;
  /** The middle one of the rounds' p99, and the lowest: on a quiet machine they are about the same. */
  readonly p99Ms: number;
  readonly p99QuietMs: number;
}

/** Runs the benchmark on SQLite and PostgreSQL. */
export async function run(): Promise<readonly SearchMeasurement[]> {
  return [...(await runOnSqlite()), ...(await runOnPostgres())];
}

async function runOnSqlite(): Promise<readonly SearchMeasurement[]> {
  await using opened = new AsyncDisposableStack();
  const folder = opened.adopt(await mkdtemp(join(tmpdir(), 'crosswire-bench-')), (path) =>
    rm(path, { recursive: true }),
  );
  return await measureAll(opened.use(await openStorage({ url: `sqlite:${join(folder, 'search.db')}` })));
}

async function runOnPostgres(): Promise<readonly SearchMeasurement[]> {
  await using opened = new AsyncDisposableStack();
  const server = opened.use(await openPostgresServer());
  return await measureAll(opened.use(await openStorage({ url: await server.createDatabase() })));
}

async function measureAll(storage: Storage): Promise<readonly SearchMeasurement[]> {
  const random = createRandom(1);
  await populate(storage, users, random);
  // PostgreSQL's autovacuum does this within a minute; without statistics its planner sorts what it need not.
  if (storage.dialect === 'postgres') await storage.work((work) => sql`analyze`.execute(work.db));
  const measured: SearchMeasurement[] = [];
  for (const [kind, terms] of Object.entries(kinds)) {
    measured.push(await measure(storage, kind, () => pick(terms, random)));
  }
  return measured;
}

async function measure(storage: Storage, kind: string, nextTerm: () => string): Promise<SearchMeasurement> {
  const searcher = { kind: 'own', userId: '' as UserId, team: undefined } as const;
  const all: number[] = [];
  const p99s: number[] = [];
  let results = 0;
  for (let round = 0; round < rounds; round += 1) {
    const took: number[] = [];
    for (let count = 0; count < searchesPerRound; count += 1) {
      const term = nextTerm();
      const start = performance.now();
      const found = await searchLocal(storage.reader, { term, limit: 15, searcher });
      took.push(performance.now() - start);
      results += found.length;
    }
    p99s.push(quantile(took, 0.99));
    all.push(...took);
  }
  return {
    database: storage.dialect,
    kind,
    users,
    searches: all.length,
    results: Math.round(results / all.length),
    p50Ms: quantile(all, 0.5),
    p99Ms: quantile(p99s, 0.5),
    p99QuietMs: Math.min(...p99s),
  };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
  return Math.round(value * 100) / 100;
}
