import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { openNetwork, request, type TestAnswer, type TestNetwork } from '#testkit';
import { connect, createGroup, type Named, people } from './conversation-rig.ts';
import { base64, type Device, deviceOf, stored, waitStored } from './messages-rig.ts';

/**
 * `on-message-sent` as it comes over the network (reference federation-api 5.4.17): A owns the conversation, Bob of B
 * is in it, and B is told by A, as often as it likes, and by C, who has no say.
 */
describe('on-message-sent', () => {
  let network: TestNetwork;
  let alice: Device;
  let bob: Device;
  let group: Named;

  before(async () => {
    network = await openNetwork({ backends: 3 });
    const [one, two] = await people([network.backend(0), 'Alice'], [network.backend(1), 'Bob']);
    assert.ok(one && two);
    await connect(one, two);
    alice = await deviceOf(one, network.backend(0));
    bob = await deviceOf(two, network.backend(1));
    group = await createGroup(one, [two]);
  });
  after(() => network[Symbol.asyncDispose]());

  function tell(from: number, text: string, id: string, more: object = {}): Promise<TestAnswer> {
    const backend = network.backend(from);
    const body = {
      time: '2024-05-08T10:00:00.123456Z',
      data: null,
      sender: { domain: alice.user.domain, id: alice.user.id },
      sender_client: alice.client,
      conversation: group.id,
      priority: null,
      push: true,
      transient: false,
      recipients: { [bob.user.id]: { [bob.client]: base64(text) } },
      ...more,
    };
    return request(`${backend.outward}/rpc/${bob.user.domain}/galley/on-message-sent`, {
      body,
      headers: {
        'wire-origin-domain': backend.domain,
        'x-wire-api-version': '1',
        'crosswire-delivery-id': id,
      },
    });
  }

  it('is seen once, however often it is told and in whatever order it is repeated', async () => {
    const ids = { one: randomUUID(), two: randomUUID(), three: randomUUID() };
    for (const text of [
      'one',
      'one',
      'two',
      'one',
      'three',
      'two',
      'three',
      'one',
      'three',
      'two',
    ] as const) {
      const { status, body } = await tell(0, text, ids[text]);
      assert.deepEqual([status, body], [200, {}]);
    }
    const atOnce = randomUUID();
    await Promise.all(Array.from({ length: 5 }, () => tell(0, 'four', atOnce)));
    assert.deepEqual(await waitStored(bob, 4), ['one', 'two', 'three', 'four']);
  });

  it('is seen by nobody when it comes from another than the owner, or for who is no member', async () => {
    const before = await stored(bob);
    const [dave] = await people([network.backend(1), 'Dave']);
    assert.ok(dave);
    const wrong: readonly (readonly [number, object])[] = [
      [2, {}],
      [0, { conversation: randomUUID() }],
      [0, { recipients: { [dave.id]: { 1: base64('no') } } }],
      [0, { recipients: { [randomUUID()]: { 1: base64('no') } } }],
    ];
    for (const [from, more] of wrong) {
      const { status, body } = await tell(from, 'no', randomUUID(), more);
      assert.deepEqual([status, body], [200, {}], JSON.stringify(more));
    }
    await tell(0, 'last', randomUUID());
    assert.deepEqual(await waitStored(bob, before.length + 1), [...before, 'last']);
    const client = await deviceOf(dave, network.backend(1));
    assert.deepEqual(await stored(client), []);
  });
});
