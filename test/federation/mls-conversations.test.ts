import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { queryGroupInfo } from '#contract/federation/mls-conversations.ts';
import { createUser, openNetwork, request, type TestNetwork, type TestUser } from '#testkit';
import { connect, expectStatus, named } from './conversation-rig.ts';

/*
 * Conversations whose messages MLS encrypts, before anybody has committed to their groups: Alice is on A, Bob on B and
 * connected with her, Carol on B and a stranger.
 */

describe('MLS conversations', () => {
  let network: TestNetwork;
  let alice: TestUser;
  let bob: TestUser;
  let carol: TestUser;
  before(async () => {
    network = await openNetwork({ backends: 2 });
    const [a, b] = [network.backend(0), network.backend(1)];
    [alice, bob, carol] = await Promise.all([
      createUser(a, { name: 'Alice' }),
      createUser(b, { name: 'Bob' }),
      createUser(b, { name: 'Carol' }),
    ]);
    await connect(alice, bob);
  });
  after(() => network[Symbol.asyncDispose]());

  it('are made without members and show the state of their group', async () => {
    const made = await alice.send('/conversations', { body: { name: 'group', protocol: 'mls' } });
    expectStatus(made, 201);
    assert.deepEqual([made.get('protocol'), made.get('epoch'), made.get('cipher_suite')], ['mls', 0, 1]);
    const groupId = Buffer.from(String(made.get('group_id')), 'base64');
    assert.equal(groupId.subarray(0, 4).toString('hex'), '00010000');
    assert.ok(groupId.toString('latin1').endsWith('a.example.com'));
    const body = { name: 'group', protocol: 'mls', qualified_users: [named(bob)] };
    const refused = await alice.send('/conversations', { body });
    assert.deepEqual([refused.status, refused.get('label')], [400, 'non-empty-member-list']);
  });

  it('with oneself are one for each user, made when first asked for', async () => {
    const first = expectStatus(await alice.send('/conversations/mls-self'), 200);
    const again = expectStatus(await alice.send('/conversations/mls-self'), 200);
    assert.deepEqual(again.body, first.body);
    assert.deepEqual([first.get('type'), first.get('protocol'), first.get('epoch')], [1, 'mls', 0]);
    const other = expectStatus(await bob.send('/conversations/mls-self'), 200);
    assert.notDeepEqual(other.get('qualified_id'), first.get('qualified_id'));
  });

  it('of two connected users are the same for both, whoever owns them', async () => {
    const path = (user: TestUser) => `/conversations/one2one/${user.domain}/${user.id}`;
    const seen = expectStatus(await alice.send(path(bob)), 200);
    const back = expectStatus(await bob.send(path(alice)), 200);
    assert.deepEqual(back.get('qualified_id'), seen.get('qualified_id'));
    assert.deepEqual(
      [seen.get('group_id'), seen.get('type'), seen.get('epoch')],
      [back.get('group_id'), 2, 0],
    );
    for (const [user, other] of [
      [alice, carol],
      [carol, alice],
      [alice, alice],
    ] as const) {
      const refused = await user.send(path(other));
      assert.deepEqual([refused.status, refused.get('label')], [403, 'not-connected']);
    }
  });

  it('give their group info to members, once there is one', async () => {
    const made = await alice.send('/conversations', { body: { name: 'group', protocol: 'mls' } });
    const { domain, id } = made.get('qualified_id') as { readonly domain: string; readonly id: string };
    const path = `/conversations/${domain}/${id}/groupinfo`;
    const missing = await alice.send(path);
    assert.deepEqual([missing.status, missing.get('label')], [404, 'mls-missing-group-info']);
    const stranger = await bob.send(path);
    assert.deepEqual([stranger.status, stranger.get('label')], [404, 'no-conversation']);
  });

  it('tell another backend nothing of a group in which none of its users is, nor for users of a third', async () => {
    const made = await alice.send('/conversations', { body: { name: 'group', protocol: 'mls' } });
    const { id } = made.get('qualified_id') as { readonly id: string };
    for (const sender of [bob.id, alice.id]) {
      const url = `${network.backend(1).outward}/rpc/${alice.domain}/galley/${queryGroupInfo.name}`;
      const answer = await request(url, {
        body: { conv: { tag: 'conv', value: { conv_id: id } }, sender },
        headers: { 'wire-origin-domain': bob.domain, 'x-wire-api-version': '1' },
      });
      assert.equal(answer.status, 200);
      assert.deepEqual(answer.body, { tag: 'GetGroupInfoResponseError', contents: { tag: 'ConvNotFound' } });
    }
  });

  it('are not there when MLS is off', async () => {
    await using without = await openNetwork({ backends: 1, set: { 'mls.enabled': false } });
    const user = await createUser(without.backend(0), { name: 'Without' });
    for (const path of ['/conversations/mls-self', `/conversations/one2one/${user.domain}/${user.id}`]) {
      const refused = await user.send(path);
      assert.deepEqual([refused.status, refused.get('label')], [400, 'mls-not-enabled']);
    }
    const group = await user.send('/conversations', { body: { name: 'group', protocol: 'mls' } });
    assert.deepEqual([group.status, group.get('label')], [400, 'mls-not-enabled']);
  });
});
