import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  logIn,
  type NetworkBackend,
  openNetwork,
  request,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';

/*
 * Backends that are killed at once, without a chance to finish anything: what was acknowledged is there afterwards, and
 * the others go on and find the killed one again.
 */

let network: TestNetwork;
let a: NetworkBackend;
let b: NetworkBackend;
let alice: TestUser;

before(async () => {
  network = await openNetwork({ backends: 2 });
  a = network.backend(0);
  b = network.backend(1);
  alice = await createUser(a, { name: 'Alice', handle: 'alice' });
});
after(() => network[Symbol.asyncDispose]());

describe('a backend that is killed', () => {
  it('has every account that it acknowledged, found by handle from the other backend', async () => {
    const acknowledged: string[] = [];
    const killed = Promise.withResolvers<void>();
    const registering = Array.from({ length: 4 }, async (_, line) => {
      for (let number = 0; ; number += 1) {
        const handle = `line${line}.${number}`;
        try {
          await createUser(b, { name: handle, handle });
        } catch {
          return;
        }
        acknowledged.push(handle);
        if (acknowledged.length === 12) killed.resolve();
      }
    });
    await killed.promise;
    await network.kill(b);
    await Promise.all(registering);
    await network.start(b);
    assert.ok(acknowledged.length >= 12);
    for (const handle of acknowledged) {
      const answer = await until(`${handle} to be found`, async () => {
        const tried = await alice.search(handle, b.domain);
        return tried.status === 200 ? tried : undefined;
      });
      const documents = answer.get('documents') as readonly { readonly handle: string }[];
      assert.ok(
        documents.some((found) => found.handle === handle),
        handle,
      );
    }
  });

  it('keeps logins: tokens and cookies of before are good', async () => {
    const { email, password, send } = await createUser(b, { name: 'Cookie' });
    const url = `${b.clientApi}/v5`;
    const login = await request(`${url}/login?persist=true`, { body: { email, password } });
    const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
    await network.kill(b);
    await network.start(b);
    assert.equal((await send('/self')).status, 200);
    const access = await request(`${url}/access`, { method: 'POST', headers: { cookie } });
    assert.equal(access.status, 200);
  });

  it('keeps its list of remotes', async () => {
    const list = async () => (await request(`${b.internalApi}/i/federation/remotes`)).get('remotes');
    const before = await list();
    await network.kill(b);
    await network.start(b);
    assert.deepEqual(await list(), before);
  });

  it('does not take the other one with it, nor keep it waiting', async () => {
    await network.kill(b);
    const own = await alice.search('alice');
    assert.deepEqual([own.status, own.get('found')], [200, 1]);
    const away = await alice.search('line0', b.domain);
    assert.deepEqual([away.status, away.get('label')], [521, 'federation-connection-refused']);
    await network.start(b);
    await until('the remote to be reached again', async () => {
      return (await alice.search('line0', b.domain)).status === 200;
    });
  });

  it('talks to the others at once when it is the one that comes back', async () => {
    const bob = await createUser(b, { name: 'Bob' });
    await network.kill(b);
    await network.start(b);
    const again = await logIn(b, bob);
    const answer = await again.search('alice', a.domain);
    assert.deepEqual([answer.status, answer.get('found')], [200, 1]);
  });
});
