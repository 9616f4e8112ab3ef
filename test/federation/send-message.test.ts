import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import { openNetwork, request, type TestAnswer, type TestNetwork } from '#testkit';
import { connect, createGroup, type Named, people } from './conversation-rig.ts';
import { type Device, deviceOf, messageFrom, stored, waitStored } from './messages-rig.ts';

/**
 * `send-message` as it comes over the network (reference federation-api 5.4.4): A owns the conversation, Bob of B is
 * in it, and what B's galley would ask is asked by hand, so that it can also be wrong.
 */
describe('send-message', () => {
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

  /** Asks A as a backend of the network. */
  function ask(from: number, input: object): Promise<TestAnswer> {
    const backend = network.backend(from);
    return request(`${backend.outward}/rpc/${alice.user.domain}/galley/send-message`, {
      body: input,
      headers: { 'wire-origin-domain': backend.domain, 'x-wire-api-version': '1' },
    });
  }

  function input(more: object = {}): object {
    const raw_message = writeQualifiedMessage(messageFrom(bob, [alice], 'hello')).toString('base64');
    return { conv_id: group.id, sender: bob.user.id, raw_message, ...more };
  }

  it('sends for a member, and says so in the form of the reference', async () => {
    const { status, body } = await ask(1, input());
    assert.equal(status, 200);
    const { Right } = body as { readonly Right: { readonly time: string } };
    assert.match(Right.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const { time: _, ...sets } = Right;
    assert.deepEqual(sets, {
      missing: {},
      redundant: {},
      deleted: {},
      failed_to_send: {},
      failed_to_confirm_clients: {},
    });
    assert.deepEqual(await waitStored(alice, 1), ['hello']);
  });

  it('sends nothing for who is none: another domain’s user, the owner’s, a stranger, another conversation', async () => {
    const notFound = { Left: { tag: 'MessageNotSentConversationNotFound' } };
    const [dave] = await people([network.backend(1), 'Dave']);
    const wrong: readonly (readonly [number, object])[] = [
      [2, {}],
      [1, { sender: alice.user.id }],
      [1, { sender: dave?.id }],
      [1, { conv_id: bob.user.id }],
    ];
    for (const [from, more] of wrong) {
      const { status, body } = await ask(from, input(more));
      assert.deepEqual([status, body], [200, notFound], JSON.stringify(more));
    }
    assert.deepEqual(await stored(alice), ['hello']);
  });

  it('refuses what is no message of a client', async () => {
    for (const [more, label] of [
      [{ raw_message: 'CgIIAQ==' }, 'invalid-payload'],
      [{ raw_message: '*' }, 'bad-request'],
      [{ raw_message: 7 }, 'bad-request'],
      [{ sender: 'bob' }, 'bad-request'],
      [{ conv_id: undefined }, 'bad-request'],
    ] as const) {
      const answer = await ask(1, input(more));
      // The sender's own federator wraps what the remote refuses with.
      const { code, label: found } = answer.get('inner') as { readonly code: number; readonly label: string };
      assert.deepEqual([answer.status, code, found], [533, 400, label], JSON.stringify(more));
    }
  });
});
