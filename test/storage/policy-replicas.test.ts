import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { BackendDomain, TeamId } from '#contract/ids.ts';
import type { RemoteDomain } from '#contract/profiles.ts';
import { openPolicy } from '#federator';
import { openStorage } from '#storage';
import { openPostgresServer, type PostgresServer, until } from '#testkit';

/** Two replicas on one PostgreSQL: what one is told about remotes, the other follows by itself. */

const stack = new AsyncDisposableStack();
let server: PostgresServer;

before(async () => {
  server = stack.use(await openPostgresServer());
});
after(() => stack.disposeAsync());

const domain = 'b.example.com' as BackendDomain;
const teams = ['0000304a-0000-0d5e-0000-3fac00003993' as TeamId];
const restricted: RemoteDomain = {
  domain,
  search_policy: 'full_search',
  restriction: { tag: 'restrict_by_team', value: teams },
};

it('follows the changes that another replica makes', async () => {
  await using replicas = new AsyncDisposableStack();
  const url = await server.createDatabase();
  const open = async () => {
    const storage = replicas.use(await openStorage({ url }));
    return replicas.use(await openPolicy({ storage, strategy: 'allowDynamic', configured: [] }));
  };
  const [one, other] = [await open(), await open()];
  await one.add(restricted);
  assert.deepEqual(await until('the other lists b', () => other.find(domain)), restricted);
  await other.removeTeam(domain, teams[0] as TeamId);
  await until('the one sees no team', () => {
    const restriction = one.find(domain)?.restriction;
    return restriction?.tag === 'restrict_by_team' && restriction.value.length === 0;
  });
  await one.remove(domain);
  await until('the other denies b', () => other.find(domain) === undefined);
  assert.throws(() => other.admit(domain), { key: 'federation-denied' });
});

it('keeps the list it knows while the database is away', async () => {
  await using replica = new AsyncDisposableStack();
  const storage = replica.use(await openStorage({ url: await server.createDatabase() }));
  const policy = replica.use(
    await openPolicy({ storage, strategy: 'allowDynamic', configured: [], pollMs: 5 }),
  );
  await policy.add(restricted);
  await server.stop();
  await assert.rejects(policy.read(), { key: 'storage-unavailable' });
  await assert.rejects(policy.remove(domain), { key: 'storage-unavailable' });
  policy.admit(domain);
  await server.start();
  await policy.remove(domain);
  assert.throws(() => policy.admit(domain), { key: 'federation-denied' });
});
