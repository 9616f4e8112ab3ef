import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { MismatchStrategy, Recipients } from '#contract/messages.ts';
import { compareClients, type KnownClients, toAnswer } from './mismatch.ts';

/** Clients as `domain/user/client`: short words stand for ids. */
type Names = readonly string[];

function grouped<V>(
  names: Names,
  read: (clients: Names) => V,
): ReadonlyMap<BackendDomain, ReadonlyMap<UserId, V>> {
  const groups = new Map<BackendDomain, Map<UserId, V>>();
  const byUser = Map.groupBy(names, (name) => name.split('/').slice(0, 2).join('/'));
  for (const [owner, members] of byUser) {
    const [domain, user] = owner.split('/') as [BackendDomain, UserId];
    const clients = members.map((name) => name.split('/')[2] ?? '').filter((client) => client !== '');
    groups.set(domain, (groups.get(domain) ?? new Map<UserId, V>()).set(user, read(clients)));
  }
  return groups;
}

const known = (names: Names): KnownClients => grouped(names, (clients) => new Set(clients as ClientId[]));
const recipients = (names: Names): Recipients =>
  grouped(names, (clients) => new Map(clients.map((client) => [client as ClientId, `to ${client}`])));

function names(sets: ReturnType<typeof toAnswer>): Names {
  return Object.entries(sets)
    .flatMap(([domain, users]) =>
      Object.entries(users).flatMap(([user, clients]) =>
        clients.map((client) => `${domain}/${user}/${client}`),
      ),
    )
    .toSorted();
}

/** Ann sends from `1`; she has `2` besides. Bob is on A too, Cid on B; Dan has no client. */
const everybody: Names = ['a/ann/1', 'a/ann/2', 'a/bob/3', 'b/cid/4', 'b/cid/5', 'b/dan/'];
const exact: Names = ['a/ann/2', 'a/bob/3', 'b/cid/4', 'b/cid/5'];

interface Case {
  readonly what: string;
  readonly given: Names;
  readonly strategy?: MismatchStrategy;
  readonly missing?: Names;
  readonly redundant?: Names;
  readonly deleted?: Names;
  readonly valid: Names;
}

const only = (tag: 'report-only' | 'ignore-only', ...users: readonly string[]): MismatchStrategy => ({
  tag,
  users: users.map((name) => {
    const [domain, id] = name.split('/') as [BackendDomain, UserId];
    return { domain, id };
  }),
});

const reportAll: MismatchStrategy = { tag: 'report-all' };

const cases: readonly Case[] = [
  { what: 'everybody, also the other clients of the sender', given: exact, valid: exact },
  { what: 'nobody', given: [], missing: exact, valid: [] },
  {
    what: 'not the sender’s other client',
    given: exact.slice(1),
    missing: ['a/ann/2'],
    valid: exact.slice(1),
  },
  {
    what: 'one client less on each backend',
    given: ['a/ann/2', 'b/cid/4'],
    missing: ['a/bob/3', 'b/cid/5'],
    valid: ['a/ann/2', 'b/cid/4'],
  },
  {
    what: 'the sending client too',
    given: ['a/ann/1', ...exact],
    redundant: ['a/ann/1'],
    valid: exact,
  },
  {
    what: 'clients that members do not have',
    given: [...exact, 'a/bob/9', 'b/dan/9', 'a/ann/9'],
    deleted: ['a/ann/9', 'a/bob/9', 'b/dan/9'],
    valid: exact,
  },
  {
    what: 'users who are no members, on known and unknown backends',
    given: [...exact, 'a/eve/3', 'b/bob/3', 'c/cid/4'],
    redundant: ['a/eve/3', 'b/bob/3', 'c/cid/4'],
    valid: exact,
  },
  { what: 'nobody, ignoring all', given: [], strategy: { tag: 'ignore-all' }, valid: [] },
  {
    what: 'some, ignoring all, extra ones told all the same',
    given: ['b/cid/4', 'b/cid/9', 'c/eve/1'],
    strategy: { tag: 'ignore-all' },
    redundant: ['c/eve/1'],
    deleted: ['b/cid/9'],
    valid: ['b/cid/4'],
  },
  {
    what: 'nobody, reporting only one user',
    given: [],
    strategy: only('report-only', 'b/cid'),
    missing: ['b/cid/4', 'b/cid/5'],
    valid: [],
  },
  {
    what: 'those of the one user whose clients are reported',
    given: ['b/cid/4', 'b/cid/5'],
    strategy: only('report-only', 'b/cid'),
    valid: ['b/cid/4', 'b/cid/5'],
  },
  {
    what: 'nobody, reporting only a user of the same id on another backend',
    given: [],
    strategy: only('report-only', 'a/cid'),
    valid: [],
  },
  {
    what: 'nobody, ignoring only one user',
    given: [],
    strategy: only('ignore-only', 'b/cid'),
    missing: ['a/ann/2', 'a/bob/3'],
    valid: [],
  },
  {
    what: 'all but the one user who is ignored',
    given: ['a/ann/2', 'a/bob/3'],
    strategy: only('ignore-only', 'b/cid'),
    valid: ['a/ann/2', 'a/bob/3'],
  },
  { what: 'nobody, reporting only nobody', given: [], strategy: only('report-only'), valid: [] },
  {
    what: 'nobody, ignoring only nobody',
    given: [],
    strategy: only('ignore-only'),
    missing: exact,
    valid: [],
  },
];

describe('a message for', () => {
  for (const { what, given, strategy = reportAll, valid, ...other } of cases) {
    it(what, () => {
      const sender = { domain: 'a' as BackendDomain, user: 'ann' as UserId, client: '1' as ClientId };
      const found = compareClients(sender, known(everybody), recipients(given), strategy);
      const sent = [...found.valid].flatMap(([domain, envelopes]) =>
        envelopes.map(({ user, client, text }) => {
          assert.equal(text, `to ${client}`);
          return `${domain}/${user}/${client}`;
        }),
      );
      assert.deepEqual(
        {
          missing: names(toAnswer(found.missing)),
          redundant: names(toAnswer(found.redundant)),
          deleted: names(toAnswer(found.deleted)),
          valid: sent.toSorted(),
        },
        {
          missing: other.missing ?? [],
          redundant: other.redundant ?? [],
          deleted: other.deleted ?? [],
          valid: valid.toSorted(),
        },
      );
    });
  }

  it('a user of the sender’s id and client on another backend, which is not the sender', () => {
    const sender = { domain: 'a' as BackendDomain, user: 'ann' as UserId, client: '1' as ClientId };
    const twins = known(['a/ann/1', 'b/ann/1']);
    const found = compareClients(sender, twins, recipients([]), { tag: 'report-all' });
    assert.deepEqual(names(toAnswer(found.missing)), ['b/ann/1']);
  });
});
