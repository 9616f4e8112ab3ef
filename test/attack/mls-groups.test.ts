import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { sendMlsCommitBundle, sendMlsMessage } from '#contract/federation/mls-messages.ts';
import { parseMlsMessages } from '#mls';
import {
  createUser,
  type MadeCommit,
  MlsClient,
  MlsDevice,
  type MlsTestGroup,
  openNetwork,
  request,
  type TestAnswer,
  type TestNetwork,
} from '#testkit';
import { connect, expectStatus, pathOf } from '../federation/conversation-rig.ts';
import { followed } from '../federation/mls-rig.ts';

/*
 * What is sent to an MLS group and must not count: whatever it is, the answer is a label of the reference, the group is as
 * it was, and nobody hears of it. Alice owns the group on A, Bob on B is in it, Mallory on B and Dave on A are not.
 */

describe('an MLS group takes no', () => {
  let network: TestNetwork;
  let alice: MlsClient;
  let bob: MlsClient;
  let mallory: MlsClient;
  let dave: MlsClient;
  let group: MlsTestGroup;
  let other: MlsTestGroup;
  before(async () => {
    network = await openNetwork({ backends: 2 });
    const [a, b] = [network.backend(0), network.backend(1)];
    [alice, bob, mallory, dave] = await Promise.all([
      MlsClient.create(a, 'Alice', 20),
      MlsClient.create(b, 'Bob', 20),
      MlsClient.create(b, 'Mallory', 20),
      MlsClient.create(a, 'Dave', 20),
    ]);
    for (const peer of [bob, mallory]) await connect(alice.user, peer.user);
    group = await alice.createGroup();
    other = await alice.createGroup();
    for (const each of [group, other]) {
      expectStatus(await alice.add(each, bob.user), 201);
      await followed(bob, ({ types }) => types.includes('conversation.mls-welcome'));
    }
  });
  after(() => network[Symbol.asyncDispose]());

  const stateOf = async () => {
    const info = expectStatus(await alice.user.send(`${pathOf(group)}/groupinfo`), 200);
    const shown = expectStatus(await alice.user.send(pathOf(group)), 200);
    return { info: info.bytes.toString('base64'), epoch: shown.get('epoch'), members: shown.get('members') };
  };

  /** Sends, and sees that it is refused so and has changed nothing. */
  async function refuses(
    status: number,
    label: string,
    send: () => Promise<TestAnswer>,
  ): Promise<TestAnswer> {
    const before = await stateOf();
    for (const client of [alice, bob]) await client.catchUp();
    const answer = await send();
    assert.deepEqual([answer.status, answer.get('label')], [status, label], JSON.stringify(answer.body));
    assert.deepEqual(await stateOf(), before);
    for (const client of [alice, bob]) assert.deepEqual((await client.catchUp()).types, []);
    return answer;
  }

  const bundle = (client: MlsClient, bytes: Buffer) => client.post('/mls/commit-bundles', bytes);
  const commitOf = (client: MlsClient) => client.device.commit(group.groupId);

  /** The bundle with one bit of a part of a message turned. */
  function forged(made: MadeCommit, part: 'commit' | 'group-info'): Buffer {
    const bytes = Buffer.from(made.bundle);
    for (const { message } of parseMlsMessages(bytes)) {
      const isPart = part === 'commit' ? message.kind === 'public-message' : message.kind === 'group-info';
      if (!isPart || !('signature' in message)) continue;
      message.signature[8] = (message.signature[8] ?? 0) ^ 1;
    }
    return bytes;
  }

  it('commit with a forged signature', async () => {
    const made = await commitOf(alice);
    await refuses(400, 'mls-protocol-error', () => bundle(alice, forged(made, 'commit')));
    const fromB = await commitOf(bob);
    await refuses(400, 'mls-protocol-error', () => bundle(bob, forged(fromB, 'commit')));
  });

  it('commit with a forged group info, or one of another group or epoch', async () => {
    const made = await commitOf(alice);
    await refuses(400, 'mls-protocol-error', () => bundle(alice, forged(made, 'group-info')));
    const elsewhere = await alice.device.commit(other.groupId);
    const mixed = Buffer.concat([made.commit, elsewhere.groupInfo]);
    await refuses(400, 'mls-protocol-error', () => bundle(alice, mixed));
  });

  it("commit in somebody else's name", async () => {
    const made = await commitOf(bob);
    await refuses(400, 'mls-client-sender-user-mismatch', () => bundle(alice, made.bundle));
    const second = await MlsClient.register(network.backend(1), bob.user, 0);
    await refuses(400, 'mls-client-sender-user-mismatch', () => bundle(second, made.bundle));
  });

  it('commit of who is not in the conversation', async () => {
    const made = await commitOf(alice);
    await refuses(404, 'no-conversation', () => bundle(dave, made.bundle));
    await refuses(404, 'no-conversation-member', () => bundle(mallory, made.bundle));
  });

  it('commit for an epoch that is over, from either side', async () => {
    const [lateAlice, lateBob] = [await commitOf(alice), await commitOf(bob)];
    expectStatus(await alice.commit(group), 201);
    await followed(bob, ({ types }) => types.includes('conversation.mls-message-add'));
    await refuses(409, 'mls-stale-message', () => bundle(alice, lateAlice.bundle));
    await refuses(409, 'mls-stale-message', () => bundle(bob, lateBob.bundle));
  });

  it('message or commit for a group that is not there', async () => {
    const nowhere = Buffer.from(group.groupId, 'base64');
    Buffer.from(randomUUID().replaceAll('-', ''), 'hex').copy(nowhere, 4);
    const unknown = nowhere.toString('base64');
    await alice.device.createGroup(unknown);
    const made = await alice.device.commit(unknown);
    await refuses(404, 'no-conversation', () => bundle(alice, made.bundle));
    await alice.device.createGroup(Buffer.from('a group').toString('base64'));
    const odd = await alice.device.commit(Buffer.from('a group').toString('base64'));
    await refuses(400, 'mls-protocol-error', () => bundle(alice, odd.bundle));
  });

  it('client twice, or one whose credential names nobody', async () => {
    const [mine, clone] = await Promise.all([0, 1].map(() => MlsDevice.create(mallory.device.identity)));
    const add = await Promise.all(
      [mine, clone].map(async (device) => (await device?.makeKeyPackage())?.bytes),
    );
    const twice = await alice.device.commit(group.groupId, {
      add: add.filter((bytes) => bytes !== undefined),
    });
    await refuses(400, 'mls-protocol-error', () => bundle(alice, twice.bundle));
    const nobody = await MlsDevice.create('nobody in particular');
    const { bytes } = await nobody.makeKeyPackage();
    const foreign = await alice.device.commit(group.groupId, { add: [bytes] });
    await refuses(422, 'mls-unsupported-proposal', () => bundle(alice, foreign.bundle));
  });

  it('user with clients that are not its own, or not all that it has', async () => {
    const second = await MlsClient.register(network.backend(1), mallory.user, 5);
    const all = await alice.claim(mallory.user);
    assert.equal(all.length, 2);
    const some = await alice.device.commit(group.groupId, { add: all.slice(0, 1) });
    await refuses(409, 'mls-client-mismatch', () => bundle(alice, some.bundle));
    const invented = await MlsDevice.create(`${mallory.user.id}:abc@${mallory.user.domain}`);
    const { bytes } = await invented.makeKeyPackage();
    const more = await alice.device.commit(group.groupId, { add: [...all, bytes] });
    await refuses(409, 'mls-client-mismatch', () => bundle(alice, more.bundle));
    const path = `/clients/${second.clientId}`;
    expectStatus(
      await second.user.send(path, { method: 'DELETE', body: { password: second.user.password } }),
      200,
    );
  });

  it('user who is not connected with who adds it', async () => {
    const made = await alice.device.commit(group.groupId, { add: await alice.claim(dave.user) });
    await refuses(403, 'not-connected', () => bundle(alice, made.bundle));
  });

  it('user whom a member of another backend adds', async () => {
    const made = await bob.device.commit(group.groupId, { add: await bob.claim(mallory.user) });
    await refuses(403, 'action-denied', () => bundle(bob, made.bundle));
  });

  it('removal that a role does not allow', async () => {
    const removal = await bob.device.commit(group.groupId, { remove: [0] });
    await refuses(403, 'action-denied', () => bundle(bob, removal.bundle));
  });

  it('proposal of who is not its sender, and none that is forged', async () => {
    const { group: fresh, client } = await freshGroup();
    const proposal = await client.device.proposeRemoval(fresh.groupId, 0);
    const asBob = await bob.post('/mls/messages', proposal);
    assert.deepEqual([asBob.status, asBob.get('label')], [404, 'no-conversation-member']);
    const [parsed] = parseMlsMessages(proposal);
    assert.ok(parsed?.message.kind === 'public-message');
    const turned = Buffer.from(proposal);
    const at = turned.indexOf(Buffer.from(parsed.message.signature));
    turned[at] = (turned[at] ?? 0) ^ 1;
    const answer = await client.post('/mls/messages', turned);
    assert.deepEqual([answer.status, answer.get('label')], [400, 'mls-protocol-error']);
  });

  /** A group of Dave alone, at its first epoch. */
  async function freshGroup(): Promise<{ readonly group: MlsTestGroup; readonly client: MlsClient }> {
    const made = await dave.createGroup();
    expectStatus(await dave.commit(made), 201);
    return { group: made, client: dave };
  }

  it('commit that references a proposal that nobody has kept', async () => {
    const { group: fresh, client } = await freshGroup();
    await MlsClient.register(network.backend(0), dave.user, 5);
    expectStatus(await client.add(fresh, dave.user), 201);
    await client.device.proposeRemoval(fresh.groupId, 1);
    const answer = await client.commit(fresh);
    assert.deepEqual([answer.status, answer.get('label')], [404, 'mls-proposal-not-found']);
  });

  it('commit, application message or key package where it does not belong', async () => {
    const made = await commitOf(alice);
    for (const bytes of [made.commit, made.groupInfo])
      await refuses(422, 'mls-unsupported-message', () => alice.post('/mls/messages', bytes));
    const text = await alice.device.encrypt(group.groupId, 'hello');
    for (const bytes of [made.commit, made.groupInfo, text, Buffer.concat([made.bundle, made.groupInfo])])
      await refuses(400, 'bad-request', () => bundle(alice, bytes));
    await refuses(400, 'bad-request', () => alice.post('/mls/messages', Buffer.concat([text, text])));
  });

  it('bundle that ends before its end', async () => {
    const made = await commitOf(alice);
    const before = await stateOf();
    for (let length = 0; length < made.bundle.length; length += 7) {
      const answer = await bundle(alice, made.bundle.subarray(0, length));
      assert.ok(answer.status === 400, `${length} bytes: ${answer.status}`);
    }
    assert.deepEqual(await stateOf(), before);
  });

  it('bytes of another content type, and nothing of a token without a client', async () => {
    const made = await commitOf(alice);
    const json = await alice.user.send('/mls/commit-bundles', {
      raw: { type: 'application/json', bytes: made.bundle },
    });
    assert.equal(json.status, 415);
    const tokenOnly = await createUser(network.backend(0), { name: 'No client' });
    const answer = await tokenOnly.send('/mls/messages', {
      raw: { type: 'message/mls', bytes: made.commit },
    });
    assert.deepEqual([answer.status, answer.get('label')], [400, 'bad-request']);
  });

  it('message of another backend for a client of ours, or for another conversation than it names', async () => {
    const text = await alice.device.encrypt(group.groupId, 'hello');
    const made = await commitOf(bob);
    const ask = (rpc: typeof sendMlsMessage | typeof sendMlsCommitBundle, body: unknown) =>
      request(`${network.backend(1).outward}/rpc/${alice.user.domain}/galley/${rpc.name}`, {
        body,
        headers: { 'wire-origin-domain': bob.user.domain, 'x-wire-api-version': '1' },
      });
    const named = (id: string) => ({ tag: 'conv', value: { conv_id: id } });
    const asAlice = {
      conv_or_sub_id: named(group.id),
      sender: alice.user.id,
      sender_client: alice.clientId,
      raw_message: text.toString('base64'),
    };
    const errorOf = (answer: TestAnswer) => (answer.get('contents') as { tag?: string }).tag;
    assert.equal(errorOf(await ask(sendMlsMessage, asAlice)), 'ConvNotFound');
    const elsewhere = {
      conv_or_sub_id: named(other.id),
      sender: bob.user.id,
      sender_client: bob.clientId,
      raw_message: made.bundle.toString('base64'),
    };
    assert.equal(errorOf(await ask(sendMlsCommitBundle, elsewhere)), 'MLSGroupConversationMismatch');
    const garbage = { ...elsewhere, conv_or_sub_id: named(group.id), raw_message: 'AAEAAQ==' };
    assert.equal((await ask(sendMlsCommitBundle, garbage)).get('tag'), 'MLSMessageResponseProtocolError');
  });
});
