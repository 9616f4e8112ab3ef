import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  lastResortId,
  makePrekey,
  openNetwork,
  request,
  type TestNetwork,
  type TestUser,
} from '#testkit';

/*
 * Client API versions 5 to 8 on one backend: which routes have moved, each told by its description and by what answers
 * (official-client 3).
 */

const versions = [5, 6, 7, 8] as const;

interface Moved {
  readonly method: string;
  /** As the description has it. */
  readonly path: string;
  readonly versions: readonly number[];
}

function moved(method: string, path: string, ...inVersions: readonly number[]): Moved {
  return { method, path, versions: inVersions };
}

const table: readonly Moved[] = [
  moved('HEAD', '/users/handles/{handle}', 5, 6),
  moved('HEAD', '/handles/{handle}', 7, 8),
  moved('POST', '/users/handles', 5, 6),
  moved('POST', '/handles', 7, 8),
  moved('POST', '/conversations/one2one', 5, 6),
  moved('POST', '/one2one-conversations', 7, 8),
  moved('GET', '/conversations/one2one/{domain}/{uid}', 5, 6),
  moved('GET', '/one2one-conversations/{domain}/{uid}', 7, 8),
  moved('PUT', '/conversations/{cnv}', 5, 6, 7),
  moved('PUT', '/conversations/{cnv}/name', 5, 6, 7),
  moved('PUT', '/conversations/{domain}/{cnv}/name', 5, 6, 7, 8),
  moved('PUT', '/conversations/{cnv}/message-timer', 5, 6, 7),
  moved('PUT', '/conversations/{domain}/{cnv}/message-timer', 5, 6, 7, 8),
  moved('PUT', '/conversations/{cnv}/receipt-mode', 5, 6, 7),
  moved('PUT', '/conversations/{domain}/{cnv}/receipt-mode', 5, 6, 7, 8),
  moved('PUT', '/conversations/{cnv}/self', 5, 6, 7),
  moved('GET', '/conversations/{cnv}/self', 5, 6, 7),
  moved('PUT', '/conversations/{cnv}/members/{usr}', 5, 6),
  moved('POST', '/login/send', 5),
];

describe('client API versions 5 to 8', () => {
  let network: TestNetwork;
  let alice: TestUser;
  before(async () => {
    network = await openNetwork({ backends: 1 });
    alice = await createUser(network.backend(0), { name: 'Alice', handle: 'alice' });
  });
  after(() => network[Symbol.asyncDispose]());

  it('are told as supported, none as under development', async () => {
    const told = await request(`${network.backend(0).clientApi}/api-version`);
    assert.deepEqual(told.get('supported'), [0, 1, 2, 3, 4, ...versions]);
    assert.deepEqual(told.get('development'), []);
  });

  it('have each moved route in the versions of its declaration, and 404 in the others', async () => {
    const made = await alice.send('/conversations', { body: { name: 'group' } });
    const { id } = made.get('qualified_id') as { readonly id: string };
    const captures: Readonly<Record<string, string>> = {
      handle: 'alice',
      cnv: id,
      domain: alice.domain,
      usr: alice.id,
      uid: alice.id,
    };
    for (const version of versions) {
      const description = await request(`${network.backend(0).clientApi}/v${version}/api/swagger.json`);
      const paths = description.get('paths') as Readonly<Record<string, object>>;
      for (const { method, path, versions: has } of table) {
        const what = `v${version} ${method} ${path}`;
        const isThere = has.includes(version);
        assert.equal(method.toLowerCase() in (paths[path] ?? {}), isThere, `${what} in the description`);
        const url = path.replace(/\{(\w+)\}/g, (_, name: string) => captures[name] ?? '');
        const withBody = method === 'PUT' || method === 'POST';
        const answer = await alice.send(`/v${version}${url}`, { method, ...(withBody ? { body: {} } : {}) });
        const isMissing = answer.status === 404 || answer.status === 405;
        assert.equal(!isMissing, isThere, `${what}: ${answer.status}`);
      }
    }
  });

  it('show capabilities nested up to 6 and flat from 7 on, in one and the same client', async () => {
    const body = {
      type: 'permanent',
      prekeys: [],
      lastkey: makePrekey(lastResortId),
      capabilities: ['legalhold-implicit-consent'],
    };
    const forms = [];
    for (const version of versions) {
      const registered = await alice.send(`/v${version}/clients`, { body });
      assert.equal(registered.status, 201);
      const listed = (await alice.send(`/v${version}/clients`)).body as readonly unknown[];
      assert.deepEqual(listed, [registered.body]);
      forms.push(registered.get('capabilities'));
    }
    const nested = { capabilities: body.capabilities };
    assert.deepEqual(forms, [nested, nested, body.capabilities, body.capabilities]);
  });

  it('show a suite before the first commit up to 5 only', async () => {
    for (const version of versions) {
      const made = await alice.send(`/v${version}/conversations`, { body: { name: 'mls', protocol: 'mls' } });
      const { domain, id } = made.get('qualified_id') as { readonly domain: string; readonly id: string };
      const body = { qualified_ids: [{ domain, id }] };
      const shown = [
        made.body,
        (await alice.send(`/v${version}/conversations/${domain}/${id}`)).body,
        ...((await alice.send(`/v${version}/conversations/list`, { body })).get('found') as object[]),
        (await alice.send(`/v${version}/conversations/mls-self`)).body,
      ];
      const suites = shown.map((view) => Reflect.get(Object(view), 'cipher_suite'));
      assert.deepEqual(suites, Array(4).fill(version === 5 ? 1 : undefined), `v${version}`);
    }
  });

  it('ask for the suite of key packages from 8 on', async () => {
    const client = ((await alice.send('/v8/clients')).body as readonly { readonly id: string }[])[0]?.id;
    const path = `/mls/key-packages/self/${client}/count`;
    assert.equal((await alice.send(`/v7${path}`)).status, 200);
    assert.equal((await alice.send(`/v8${path}`)).status, 400);
    assert.equal((await alice.send(`/v8${path}?ciphersuite=0x1`)).status, 200);
  });
});
