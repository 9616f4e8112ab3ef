import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { BackendDomain, TeamId } from '#contract/ids.ts';
import type { RemoteDomain, SearchPolicy } from '#contract/profiles.ts';
import { openStorage } from '#storage';
import { until } from '#testkit';
import { type FederationPolicy, openPolicy, type PolicyOptions } from './policy.ts';
import { policyRoutes } from './routes.ts';

const b = 'b.example.com' as BackendDomain;
const c = 'c.example.com' as BackendDomain;
const red = '0000304a-0000-0d5e-0000-3fac00003993' as TeamId;
const blue = '00003356-0000-1a67-0000-5a0400000a5a' as TeamId;

const open = (domain: BackendDomain, search_policy: SearchPolicy = 'full_search'): RemoteDomain => ({
  domain,
  search_policy,
  restriction: { tag: 'allow_all', value: null },
});
const restricted = (domain: BackendDomain, value: TeamId[]): RemoteDomain => ({
  domain,
  search_policy: 'full_search',
  restriction: { tag: 'restrict_by_team', value },
});

/** Runs `body` with policies that share a database, as replicas do. */
async function withPolicies(
  options: readonly Partial<PolicyOptions>[],
  body: (...policies: readonly FederationPolicy[]) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-policy-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const policies: FederationPolicy[] = [];
  for (const option of options) {
    const storage = stack.use(await openStorage({ url: `sqlite:${join(folder, 'test.db')}` }));
    const policy = await openPolicy({ storage, strategy: 'allowDynamic', configured: [], ...option });
    policies.push(stack.use(policy));
  }
  await body(...policies);
}

function admits(policy: FederationPolicy | undefined, domain: BackendDomain): boolean {
  try {
    policy?.admit(domain);
    return true;
  } catch {
    return false;
  }
}

const unexpected = (reason: RegExp) => (error: Error) =>
  error.message.startsWith('Could parse body, but got an unexpected error response: ') &&
  reason.test(error.message) &&
  'key' in error &&
  error.key === 'federation-unexpected-wai-error';

it('admits nobody under allowNone, the listed under allowDynamic, everybody under allowAll', async () => {
  await withPolicies(
    [{ strategy: 'allowNone' }, { strategy: 'allowDynamic' }, { strategy: 'allowAll' }],
    async (none, dynamic, all) => {
      for (const policy of [none, dynamic, all]) {
        await policy?.add(open(b));
        await policy?.read();
      }
      const table = [none, dynamic, all].map((policy) => [admits(policy, b), admits(policy, c)]);
      assert.deepEqual(table, [
        [false, false],
        [true, false],
        [true, true],
      ]);
    },
  );
});

it('names the domain that it denies', async () => {
  await withPolicies([{}], async (policy) => {
    assert.throws(() => policy?.admit(c), {
      key: 'federation-denied',
      status: 400,
      message: 'origin domain [c.example.com] not in the federation allow list',
    });
  });
});

it('has a change in effect as soon as it is made, and keeps it', async () => {
  await withPolicies([{}, {}], async (policy, restarted) => {
    assert.ok(policy && restarted);
    await policy.add(open(b, 'exact_handle_search'));
    assert.equal(admits(policy, b), true);
    await policy.add(open(b, 'no_search'));
    assert.equal(policy.find(b)?.search_policy, 'no_search');
    await restarted.read();
    assert.deepEqual(restarted.list(), [open(b, 'no_search')]);
    await policy.remove(b);
    assert.equal(admits(policy, b), false);
    await policy.remove(b);
    await restarted.read();
    assert.deepEqual(restarted.list(), []);
  });
});

it('notices what another process changed', async () => {
  await withPolicies([{}, { pollMs: 5 }], async (one, other) => {
    await one?.add(open(b));
    await until('the other admits b', () => admits(other, b));
    await one?.remove(b);
    await until('the other denies b', () => !admits(other, b));
  });
});

it('adds teams with add, replaces them with replace', async () => {
  await withPolicies([{}], async (policy) => {
    assert.ok(policy);
    await policy.add(restricted(b, [red]));
    await policy.add(restricted(b, [blue, blue]));
    assert.deepEqual(policy.find(b), restricted(b, [red, blue]));
    await policy.replace(b, restricted(b, [blue]));
    assert.deepEqual([policy.find(b), await policy.teams(b)], [restricted(b, [blue]), [blue]]);
    await policy.replace(b, open(b));
    assert.deepEqual([policy.find(b), await policy.teams(b)], [open(b), []]);
  });
});

it('adds and removes single teams of a restricted remote', async () => {
  await withPolicies([{}], async (policy) => {
    assert.ok(policy);
    await policy.add(restricted(b, []));
    await policy.addTeam(b, red);
    assert.deepEqual(policy.find(b), restricted(b, [red]));
    await policy.removeTeam(b, red);
    await policy.removeTeam(c, red);
    assert.deepEqual(policy.find(b), restricted(b, []));
  });
});

it('refuses a team of a remote that is unlisted or not restricted', async () => {
  await withPolicies([{}], async (policy) => {
    assert.ok(policy);
    await policy.add(open(b));
    await assert.rejects(policy.addTeam(c, red), unexpected(/c\.example\.com is not a listed remote/));
    await assert.rejects(policy.addTeam(b, red), unexpected(/allow_all, expected restrict_by_team/));
    assert.deepEqual(await policy.teams(b), []);
  });
});

it('refuses to replace what is unlisted, and under another domain', async () => {
  await withPolicies([{}], async (policy) => {
    assert.ok(policy);
    await policy.add(open(b));
    await assert.rejects(policy.replace(c, restricted(c, [red])), unexpected(/c\.example\.com is not/));
    await assert.rejects(policy.replace(b, open(c)), unexpected(/found c\.example\.com, expected b\./));
    assert.deepEqual([policy.list(), await policy.teams(c)], [[open(b)], []]);
  });
});

it('lets nothing change what is configured, but lists an equal entry a second time', async () => {
  const configured = [{ domain: b, search_policy: 'full_search' as const }];
  await withPolicies([{ configured }], async (policy) => {
    assert.ok(policy);
    await assert.rejects(policy.add(open(b, 'no_search')), unexpected(/configuration file/));
    await assert.rejects(policy.add(restricted(b, [])), unexpected(/configuration file/));
    await assert.rejects(policy.replace(b, open(b)), unexpected(/configuration file/));
    await assert.rejects(policy.remove(b), unexpected(/configuration file/));
    await policy.add(open(b));
    assert.deepEqual([policy.list(), policy.listBySource()], [[open(b)], [open(b), open(b)]]);
  });
});

it('refuses a configuration with two settings for one domain', async () => {
  const configured = [
    { domain: b, search_policy: 'full_search' as const },
    { domain: b, search_policy: 'no_search' as const },
  ];
  await assert.rejects(
    withPolicies([{ configured }], async () => undefined),
    /federation\.remotes: b\.example\.com is listed with search_policy full_search and with no_search/,
  );
});

it('lists 10 000 remotes and no more', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-policy-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const storage = stack.use(await openStorage({ url: `sqlite:${join(folder, 'test.db')}` }));
  const rows = Array.from({ length: 9_999 }, (_, index) => ({
    domain: `r${index}.example.com`,
    search_policy: 'no_search',
    restriction: 'allow_all',
  }));
  await storage.work((work) => work.db.insertInto('remote').values(rows).execute());
  const policy = stack.use(await openPolicy({ storage, strategy: 'allowDynamic', configured: [] }));
  await policy.add(open(b));
  await assert.rejects(policy.add(open(c)), unexpected(/10000 remote backends/));
  assert.deepEqual([admits(policy, b), admits(policy, c), policy.list().length], [true, false, 10_000]);
});

it('answers GET as wire-server does', async () => {
  await withPolicies([{ strategy: 'allowAll' }], async (policy) => {
    assert.ok(policy);
    await policy.add(restricted(b, [red]));
    const served = policyRoutes(policy).find(
      ({ route }) => route.method === 'GET' && route.path === '/i/federation/remotes',
    );
    const ask = served?.handler as (() => unknown) | undefined;
    assert.deepEqual(await ask?.(), {
      status: 200,
      body: { strategy: 'allowAll', remotes: [restricted(b, [red])], update_interval: 10 },
    });
  });
});
