import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { getUserClients } from '#contract/federation/brig.ts';
import { answers, createUser, remoteBackend, request, type TestNetwork, type TestUser } from '#testkit';
import { addClient, allow, askAs, deny, openListedNetwork } from './devices-rig.ts';

/*
 * Alice at a looks at the clients of Bob at b. Backend c is up at first, then it is killed and played by a script.
 */

const nobody = '00000000-0000-4000-8000-000000000000';

describe('clients over the network', () => {
  let network: TestNetwork;
  let alice: TestUser;
  let bob: TestUser;
  before(async () => {
    network = await openListedNetwork();
    alice = await createUser(network.backend(0), { name: 'Alice' });
    bob = await createUser(network.backend(1), { name: 'Bob' });
  });
  after(() => network[Symbol.asyncDispose]());

  const listClients = async (...users: readonly { readonly domain: string; readonly id: string }[]) => {
    const qualified_users = users.map(({ domain, id }) => ({ domain, id }));
    return (await alice.send('/users/list-clients', { body: { qualified_users } })).get('qualified_user_map');
  };

  it('the event of a new client is in its own stream when its registration is answered', async () => {
    const { id } = await addClient(alice, 1);
    const last = await alice.send(`/notifications/last?client=${id}`);
    assert.equal(last.status, 200);
    const [event] = last.get('payload') as readonly { readonly type: string; readonly client: object }[];
    assert.equal(event?.type, 'user.client-add');
    assert.deepEqual(event?.client, (await alice.send(`/clients/${id}`)).body);
  });

  it('of a user of another backend are shown with id and class', async () => {
    const clients = [await addClient(bob, 1), await addClient(bob, 1, { class: undefined })];
    const shown = [{ id: clients[0]?.id, class: 'phone' }, { id: clients[1]?.id }];
    const path = `/users/${bob.domain}/${bob.id}/clients`;
    const found = (await alice.send(path)).body as readonly { readonly id: string }[];
    const sorted = (list: readonly { readonly id?: string }[]) =>
      list.toSorted((one, other) => String(one.id).localeCompare(String(other.id)));
    assert.deepEqual(sorted(found), sorted(shown));
    assert.deepEqual((await alice.send(`${path}/${clients[0]?.id}`)).body, shown[0]);
    assert.equal((await alice.send(`${path}/beef`)).status, 404);
    assert.deepEqual((await alice.send(`/users/${bob.domain}/${nobody}/clients`)).body, []);
    const map = await listClients(bob, alice, { domain: bob.domain, id: nobody });
    assert.deepEqual(Object.keys(map as object).toSorted(), [alice.domain, bob.domain]);
  });

  it('are told to whoever may ask, and nobody else', async () => {
    const { id } = await addClient(bob, 1);
    const ask = (body: unknown, claimed?: string) =>
      askAs(network.backend(2), bob.domain, 'get-user-clients', body, claimed);
    const answer = await ask({ users: [bob.id, bob.id.toUpperCase(), alice.id, nobody] });
    const told = answer.body as Readonly<Record<string, readonly { readonly id: string }[]>>;
    assert.deepEqual(Object.keys(told).toSorted(), [bob.id, alice.id, nobody].toSorted());
    assert.ok(told[bob.id]?.some((client) => client.id === id));
    assert.deepEqual([told[alice.id], told[nobody]], [[], []]);
    assert.deepEqual((await ask({ users: [] })).body, {});
    for (const claimed of [alice.domain, bob.domain, 'd.example.com']) {
      assert.ok((await ask({ users: [bob.id] }, claimed)).status >= 400, claimed);
    }
    for (const body of [null, [], {}, { users: null }, { users: ['x'] }, { users: [{ id: bob.id }] }]) {
      const { code, label } = (await ask(body)).get('inner') as {
        readonly code: number;
        readonly label: string;
      };
      assert.deepEqual([code, label], [400, 'bad-request'], JSON.stringify(body));
    }
    await deny(network.backend(1), network.backend(2).domain);
    const denied = (await ask({ users: [bob.id] })).get('inner') as { readonly label: string };
    assert.equal(denied.label, 'federation-denied');
    await allow(network.backend(1), network.backend(2).domain);
  });

  it('of a backend that is down or lies are left out', async () => {
    const c = network.backend(2);
    const user = { domain: c.domain, id: '11111111-1111-4111-8111-111111111111' };
    const path = `/users/${c.domain}/${user.id}/clients`;
    await network.kill(c);
    const assertLeftOut = async () => {
      const list = await alice.send(path);
      assert.deepEqual([list.status, list.body], [200, []]);
      assert.equal((await alice.send(`${path}/a`)).status, 404);
      assert.deepEqual(Object.keys((await listClients(user, bob)) as object), [bob.domain]);
    };
    for (const lie of [{ [nobody]: [{ id: 'a' }] }, { [user.id]: [{ id: 'xyz' }] }, []]) {
      await using remote = await remoteBackend({ authority: network.authority, ...c }, [
        answers(getUserClients, lie as never),
      ]);
      await assertLeftOut();
      assert.equal(remote.received.filter(({ name }) => name.endsWith('get-user-clients')).length, 3);
    }
    await assertLeftOut();
  });

  it('and properties come back byte by byte; what is no JSON is refused', async () => {
    const put = (value: string) =>
      fetch(`${network.backend(0).clientApi}/v5/properties/webapp`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${alice.token}`, 'content-type': 'application/json' },
        body: value,
      });
    const value = ' {"n":12345678901234567890.10,"t":"\\u00e9"} ';
    assert.equal((await put(value)).status, 200);
    const found = await request(`${network.backend(0).clientApi}/v5/properties/webapp`, {
      headers: { authorization: `Bearer ${alice.token}`, accept: 'application/json' },
    });
    assert.deepEqual(found.body, JSON.parse(value));
    for (const wrong of ['', '{', 'x', '"\\ud800"', '[1]]']) {
      const answer = await put(wrong);
      const { label } = (await answer.json()) as { readonly label: string };
      assert.deepEqual([answer.status, label], [400, 'bad-request'], wrong);
    }
    assert.equal((await alice.send('/properties/other')).status, 404);
    assert.deepEqual((await alice.send('/properties-values')).body, { webapp: JSON.parse(value) });
  });
});
