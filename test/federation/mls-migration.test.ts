import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  MlsClient,
  type MlsTestGroup,
  openNetwork,
  request,
  type TestAnswer,
  type TestNetwork,
} from '#testkit';
import { connect, createGroup, expectStatus, named, pathOf, waitFor } from './conversation-rig.ts';
import { followed } from './mls-rig.ts';

/* A team's Proteus conversation becomes an MLS one: Alice on A has the team, Bob on B is a guest of it. */

describe('the migration of a conversation to MLS', () => {
  let network: TestNetwork;
  let alice: MlsClient;
  let bob: MlsClient;
  let team: string;
  let group: MlsTestGroup;
  before(async () => {
    network = await openNetwork({ backends: 2 });
    const founder = await createUser(network.backend(0), { name: 'Alice', team: { name: 'team' } });
    alice = await MlsClient.register(network.backend(0), founder);
    bob = await MlsClient.create(network.backend(1), 'Bob');
    await connect(alice.user, bob.user);
    team = String(expectStatus(await alice.user.send('/self'), 200).get('team'));
    const more = { team: { teamid: team, managed: false } };
    group = { ...(await createGroup(alice.user, [bob.user], more)), groupId: '' };
  });
  after(() => network[Symbol.asyncDispose]());

  const goOn = (by: MlsClient, protocol: string): Promise<TestAnswer> =>
    by.user.send(`${pathOf(group)}/protocol`, { method: 'PUT', body: { protocol } });
  const refused = (answer: TestAnswer) => [answer.status, answer.get('label')];
  const supportMls = async ({ user }: MlsClient) => {
    const body = { supported_protocols: ['proteus', 'mls'] };
    expectStatus(await user.send('/self/supported-protocols', { method: 'PUT', body }), 200);
  };

  it('goes through both protocols, and no other way', async () => {
    assert.deepEqual(refused(await goOn(alice, 'mls')), [403, 'invalid-protocol-transition']);
    assert.equal((await goOn(alice, 'proteus')).status, 204);
    const other = { ...group };
    group = { ...(await createGroup(alice.user, [bob.user])), groupId: '' };
    assert.deepEqual(refused(await goOn(alice, 'mixed')), [403, 'invalid-protocol-transition']);
    group = other;
  });

  it('is begun by any member, on any backend', async () => {
    const event = expectStatus(await goOn(bob, 'mixed'), 200);
    assert.deepEqual(event.get('data'), { protocol: 'mixed' });
    const [seen] = await waitFor(alice.user, 'conversation.protocol-update');
    assert.deepEqual(seen?.qualified_from, named(bob.user));
    const shown = expectStatus(await alice.user.send(pathOf(group)), 200);
    assert.deepEqual([shown.get('protocol'), shown.get('epoch'), shown.get('cipher_suite')], ['mixed', 0, 1]);
    group = await alice.begin(shown);
  });

  it('lets members join the group one after the other, and speak Proteus meanwhile', async () => {
    expectStatus(await alice.commit(group), 201);
    expectStatus(await alice.add(group, bob.user), 201);
    await followed(bob, ({ types }) => types.includes('conversation.mls-welcome'));
    assert.deepEqual(refused(await alice.send(group, 'too early')), [422, 'mls-unsupported-message']);
    const carol = await MlsClient.create(network.backend(1), 'Carol');
    await connect(alice.user, carol.user);
    const members = { qualified_users: [named(carol.user)], conversation_role: 'wire_member' };
    expectStatus(await alice.user.send(`${pathOf(group)}/members`, { body: members }), 200);
    await waitFor(carol.user, 'conversation.member-join');
    expectStatus(await carol.joinExternally(group), 201);
    const self = `${pathOf(group)}/members/${carol.user.domain}/${carol.user.id}`;
    expectStatus(await alice.user.send(self, { method: 'DELETE' }), 200);
    const { types } = await followed(alice, (seen) => seen.types.includes('conversation.mls-message-add'));
    assert.equal(types.filter((type) => type === 'conversation.mls-message-add').length, 1);
  });

  it('ends when the team wants it and all members can follow', async () => {
    const end = () => goOn(alice, 'mls');
    const criteria = [400, 'mls-migration-criteria-not-satisfied'];
    assert.deepEqual(refused(await end()), criteria);
    const features = `${network.backend(0).internalApi}/i/teams/${team}/features`;
    const mls = {
      protocolToggleUsers: [],
      defaultProtocol: 'proteus',
      allowedCipherSuites: [1],
      defaultCipherSuite: 1,
      supportedProtocols: ['proteus', 'mls'],
    };
    for (const [name, config] of [
      ['mls', mls],
      ['mlsMigration', {}],
    ] as const) {
      const body = { status: 'enabled', config };
      expectStatus(await request(`${features}/${name}`, { method: 'PUT', body }), 200);
    }
    await supportMls(alice);
    assert.deepEqual(refused(await end()), criteria);
    await supportMls(bob);
    expectStatus(await end(), 200);
    const shown = expectStatus(await bob.user.send(pathOf(group)), 200);
    assert.equal(shown.get('protocol'), 'mls');
  });

  it('takes those out of the group who are no members', async () => {
    for (const member of [alice, bob]) {
      const { failures } = await followed(member, ({ types }) =>
        types.includes('conversation.mls-message-add'),
      );
      assert.deepEqual(failures, []);
    }
    expectStatus(await alice.commit(group), 201);
    await followed(bob, ({ types }) => types.includes('conversation.mls-message-add'));
    expectStatus(await bob.send(group, 'at last'), 201);
    const { texts } = await followed(alice, (seen) => seen.texts.length > 0);
    assert.deepEqual(texts, ['at last']);
  });
});
