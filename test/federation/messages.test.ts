import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { logIn, openNetwork, type TestNetwork } from '#testkit';
import { connect, createGroup, type Named, pathOf, people } from './conversation-rig.ts';
import { type Device, deviceOf, messageFrom, openSocket, post, stored, waitStored } from './messages-rig.ts';

/**
 * Messages among three backends, over real sockets (reference federation-api 7.6, 8.8): Alice is on A, which owns the
 * conversation, Bob and his second device on B, Carol on C.
 */
describe('a message in a conversation of three backends', () => {
  let network: TestNetwork;
  let alice: Device;
  let bob: Device;
  let bobTablet: Device;
  let carol: Device;
  let group: Named;

  before(async () => {
    network = await openNetwork({ backends: 3 });
    const [a, b, c] = [network.backend(0), network.backend(1), network.backend(2)];
    const users = await people([a, 'Alice'], [b, 'Bob'], [c, 'Carol']);
    const [one, two, three] = users;
    assert.ok(one && two && three);
    alice = await deviceOf(one, a);
    bob = await deviceOf(two, b);
    // A socket takes the place of an earlier one of the same login.
    bobTablet = await deviceOf(await logIn(b, two), b);
    carol = await deviceOf(three, c);
    await connect(one, two);
    await connect(one, three);
    group = await createGroup(one, [two, three]);
  });
  after(() => network[Symbol.asyncDispose]());

  it('of the owner’s user reaches every device on its socket, and is stored', async () => {
    await using bobSees = await openSocket(bob);
    await using tabletSees = await openSocket(bobTablet);
    await using carolSees = await openSocket(carol);
    const { status, body } = await post(alice, group, messageFrom(alice, [bob, bobTablet, carol], 'hello'));
    assert.equal(status, 201, JSON.stringify(body));
    assert.deepEqual([body.missing, body.failed_to_send, body.failed_to_confirm_clients], [{}, {}, {}]);
    for (const sees of [bobSees, tabletSees, carolSees]) assert.deepEqual(await sees.seen(1), ['hello']);
    assert.deepEqual(await stored(carol), ['hello']);
  });

  it('of a guest goes by the owner, and comes back to the guest’s other device', async () => {
    await using aliceSees = await openSocket(alice);
    await using tabletSees = await openSocket(bobTablet);
    await using carolSees = await openSocket(carol);
    const { status, body } = await post(bob, group, messageFrom(bob, [alice, bobTablet, carol], 'hi'));
    assert.equal(status, 201, JSON.stringify(body));
    for (const sees of [aliceSees, tabletSees, carolSees]) assert.deepEqual(await sees.seen(1), ['hi']);
  });

  it('is sent to nobody while a device anywhere is missing, and the sender learns which', async () => {
    const before = await stored(alice);
    const { status, body } = await post(bob, group, messageFrom(bob, [alice, carol], 'half'));
    assert.equal(status, 412);
    assert.deepEqual(body.missing, { [bob.user.domain]: { [bob.user.id]: [bobTablet.client] } });
    await post(bob, group, messageFrom(bob, [alice, bobTablet, carol], 'whole'));
    assert.deepEqual(await waitStored(alice, before.length + 1), [...before, 'whole']);
  });

  it('is refused of a device that the sender does not have, and of who is no member', async () => {
    const to = [alice, bobTablet, carol];
    const foreign = await post(bob, group, { ...messageFrom(carol, to, 'no') });
    assert.deepEqual([foreign.status, foreign.body.label], [403, 'unknown-client']);
    const [dave] = await people([network.backend(1), 'Dave']);
    assert.ok(dave);
    const stranger = await deviceOf(dave, network.backend(1));
    const refused = await post(stranger, group, messageFrom(stranger, to, 'no'));
    assert.deepEqual([refused.status, refused.body.label], [404, 'no-conversation']);
  });

  it('wants protobuf', async () => {
    const path = `${pathOf(group)}/proteus/messages`;
    const asJson = await alice.user.send(path, { body: {} });
    assert.deepEqual([asJson.status, asJson.get('label')], [415, 'unsupported-media-type']);
  });

  it('arrives in the owner’s order, whoever sends how many at once', async () => {
    const known = [await stored(alice), await stored(bob), await stored(carol)].map((texts) => texts.length);
    const [fromAlice, fromBob] = [alice, bob].map((device) =>
      Array.from({ length: 20 }, (_, index) => `${device.user.name} ${index}`),
    ) as [string[], string[]];
    const answers = await Promise.all([
      ...fromAlice.map((text) => post(alice, group, messageFrom(alice, [bob, bobTablet, carol], text))),
      ...fromBob.map((text) => post(bob, group, messageFrom(bob, [alice, bobTablet, carol], text))),
    ]);
    for (const { status } of answers) assert.equal(status, 201);
    const atCarol = (await waitStored(carol, (known[2] ?? 0) + 40)).slice(known[2]);
    const atAlice = (await waitStored(alice, (known[0] ?? 0) + 20)).slice(known[0]);
    assert.deepEqual(
      atAlice,
      atCarol.filter((text) => text.startsWith('Bob')),
    );
    // Bob's stream has Alice's messages twice, once for each device, and his own once.
    const atBob = (await waitStored(bob, (known[1] ?? 0) + 60)).slice(known[1]);
    const once = atBob.filter((text, index) => text.startsWith('Bob') || atBob.indexOf(text) === index);
    assert.deepEqual(once, atCarol);
  });

  it('waits for a backend that is down, and delays nobody else', async () => {
    const known = (await stored(carol)).length;
    await network.kill(network.backend(2));
    await using bobSees = await openSocket(bob);
    const texts = ['one', 'two', 'three'];
    for (const text of texts) {
      const { status, body } = await post(alice, group, messageFrom(alice, [bob, bobTablet, carol], text));
      assert.equal(status, 201, JSON.stringify(body));
      const unconfirmed = { [carol.user.domain]: { [carol.user.id]: [carol.client] } };
      assert.deepEqual([body.failed_to_confirm_clients, body.failed_to_send], [unconfirmed, {}]);
    }
    const withoutCarol = await post(alice, group, messageFrom(alice, [bob, bobTablet], 'not for Carol'));
    const unknown = { [carol.user.domain]: { [carol.user.id]: [] } };
    assert.deepEqual([withoutCarol.status, withoutCarol.body.failed_to_send], [201, unknown]);
    assert.deepEqual(await bobSees.seen(4), [...texts, 'not for Carol']);
    await network.start(network.backend(2));
    assert.deepEqual((await waitStored(carol, known + 3)).slice(known), texts);
  });

  it('for a conversation whose owner is down is not sent', async () => {
    await network.kill(network.backend(0));
    const { status, body } = await post(bob, group, messageFrom(bob, [alice, bobTablet, carol], 'lost'));
    assert.ok([521, 533].includes(status), `${status} ${JSON.stringify(body)}`);
    await network.start(network.backend(0));
    const again = await post(bob, group, messageFrom(bob, [alice, bobTablet, carol], 'found'));
    assert.equal(again.status, 201, JSON.stringify(again.body));
  });
});
