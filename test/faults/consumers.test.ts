import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ClientId, UserId } from '#contract/ids.ts';
import {
  createUser,
  type NetworkBackend,
  openNetwork,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';
import { addClient, type TestClient } from '../federation/devices-rig.ts';
import { ConsumerSocket } from '../notifications/consumer-socket.ts';

/*
 * Bob on B has a client that acknowledges what it gets. Alice on A connects with him, and B is killed at the moments
 * that count: what his client has not acknowledged comes again, what it has does not.
 */

const capabilities = ['legalhold-implicit-consent', 'consumable-notifications'];

describe('the queue of a client', () => {
  let network: TestNetwork;
  let b: NetworkBackend;
  let alice: TestUser;
  let bob: TestUser;
  let phone: TestClient;
  before(async () => {
    network = await openNetwork({ backends: 2 });
    b = network.backend(1);
    [alice, bob] = await Promise.all([
      createUser(network.backend(0), { name: 'Alice' }),
      createUser(b, { name: 'Bob' }),
    ]);
  });
  after(() => network[Symbol.asyncDispose]());

  const listen = (marker: string, client = phone) =>
    ConsumerSocket.open(b.websocket, bob.id as UserId, {
      client: client.id as ClientId,
      token: bob.token,
      marker,
    });
  const types = (socket: ConsumerSocket) => socket.events.map(({ event }) => event.payload[0].type);

  it('begins with the event of its own registration', async () => {
    phone = await addClient(bob, 0, { capabilities }, '/v8/clients');
    await using socket = await listen('1');
    await socket.until(({ markers }) => markers.length === 1);
    assert.deepEqual(types(socket), ['user.client-add']);
  });

  it('keeps what a killed backend had not been told of, and forgets what it had', async () => {
    const socket = await listen('2');
    await socket.until(({ markers }) => markers.length === 1);
    socket.acknowledge(1);
    const asked = await alice.send(`/connections/${bob.domain}/${bob.id}`, { method: 'POST' });
    assert.equal(asked.status, 201);
    await socket.until(() => types(socket).includes('user.connection'));
    // Answered behind the acknowledgement, on the same connection and to the same queue.
    await socket.leave();
    await using settled = await listen('3');
    await settled.until(({ markers }) => markers.length === 1);
    await network.kill(b);
    await settled.closed;
    await network.start(b);
    await using again = await until('the backend to be back', () => listen('4').catch(() => undefined));
    await again.until(({ markers }) => markers.length === 1);
    assert.deepEqual(new Set(types(again)), new Set(types(settled)));
    assert.ok(!types(again).includes('user.client-add') && types(again).includes('user.connection'));
  });

  it('begins when a client says that it acknowledges, and ends when it is registered without', async () => {
    const tablet = await addClient(bob, 0);
    await assert.rejects(listen('5', tablet), /404/);
    const path = `/v8/clients/${tablet.id}`;
    const changed = await bob.send(path, { method: 'PUT', body: { capabilities } });
    assert.equal(changed.status, 200);
    {
      await using socket = await listen('6', tablet);
      await socket.until(({ markers }) => markers.length === 1);
      assert.deepEqual(types(socket), [], 'what was there before is in the stream');
    }
    const { prekeys, lastkey } = tablet;
    const again = { type: 'permanent', password: bob.password, prekeys, lastkey };
    assert.equal((await bob.send('/v8/clients', { body: again })).status, 201);
    await assert.rejects(listen('7', tablet), /404/);
  });
});
