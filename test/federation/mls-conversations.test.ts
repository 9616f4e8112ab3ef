import assert from 'node:assert/strict';
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { getOneToOneConversation, queryGroupInfo } from '#contract/federation/mls-conversations.ts';
import {
  answers,
  createUser,
  openNetwork,
  remoteBackend,
  request,
  type TestNetwork,
  type TestUser,
} from '#testkit';
import { connect, expectStatus, named } from './conversation-rig.ts';
import { ownersUser } from './mls-rig.ts';

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
    const seen = expectStatus(await alice.send(oneToOne(bob)), 200);
    const back = expectStatus(await bob.send(oneToOne(alice)), 200);
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
      const refused = await user.send(oneToOne(other));
      assert.deepEqual([refused.status, refused.get('label')], [403, 'not-connected']);
    }
  });

  it('of two users come with the removal keys of the owner from version 6 on, whoever that is', async () => {
    const keysOf = async (user: TestUser, query = '') =>
      expectStatus(await user.send(`/v8/mls/public-keys${query}`), 200).body;
    const [{ domain: owner }] = (
      await Promise.all([alice.send(oneToOne(bob)), bob.send(oneToOne(alice))])
    ).map((answer) => answer.get('qualified_id')) as [{ domain: string }, unknown];
    const ownersUser = owner === alice.domain ? alice : bob;
    const [keys, webKeys] = await Promise.all([keysOf(ownersUser), keysOf(ownersUser, '?format=jwk')]);
    for (const [user, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const bare = expectStatus(await user.send(oneToOne(other)), 200).body as object;
      const { cipher_suite: _, ...conversation } = bare as { cipher_suite?: number };
      const moved = `/one2one-conversations/${other.domain}/${other.id}`;
      for (const path of [`/v6${oneToOne(other)}`, `/v7${moved}`, `/v8${moved}?format=raw`]) {
        const answer = expectStatus(await user.send(path), 200);
        assert.deepEqual(answer.body, { conversation, public_keys: keys }, path);
      }
      const asWebKeys = expectStatus(await user.send(`/v8${moved}?format=jwk`), 200);
      assert.deepEqual(asWebKeys.get('public_keys'), webKeys);
      assert.equal((await user.send(`/v8${moved}?format=pem`)).status, 400);
    }
  });

  it('tell removal keys as JSON Web Keys that are the raw ones', async () => {
    const raw = expectStatus(await alice.send('/mls/public-keys'), 200).get('removal');
    const web = expectStatus(await alice.send('/mls/public-keys?format=jwk'), 200).get('removal');
    for (const [scheme, jwk] of Object.entries(web as Record<string, JsonWebKey>)) {
      const spki = createPublicKey({ key: jwk, format: 'jwk' }).export({
        format: 'der',
        type: 'spki',
      });
      const expected = Buffer.from(Reflect.get(Object(raw), scheme) as string, 'base64');
      assert.deepEqual(spki.subarray(-expected.length), expected, scheme);
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

  it('of two users are refused from version 6 on when the owner tells no keys, as wire-server at V1', async () => {
    const b = network.backend(1);
    const bert = await ownersUser(b, alice);
    await connect(alice, bert);
    const shown = expectStatus(await bert.send(oneToOne(alice)), 200);
    await network.kill(b);
    const contents = {
      id: (shown.get('qualified_id') as { readonly id: string }).id,
      metadata: { type: 2, access: ['private'], access_role: [] },
      members: { self_role: 'wire_member', others: [] },
      protocol: { protocol: 'mls', group_id: shown.get('group_id'), epoch: 0 },
    };
    {
      await using _remote = await remoteBackend({ authority: network.authority, ...b }, [
        answers(getOneToOneConversation, { tag: 'GetOne2OneConversationOk', contents } as never),
      ]);
      const bare = expectStatus(await alice.send(oneToOne(bert)), 200);
      assert.equal(bare.get('group_id'), shown.get('group_id'));
      const refused = await alice.send(`/v8/one2one-conversations/${bert.domain}/${bert.id}`);
      assert.deepEqual([refused.status, refused.get('label')], [400, 'mls-federated-one2one-not-supported']);
    }
    await network.start(b);
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

function oneToOne({ domain, id }: TestUser): string {
  return `/conversations/one2one/${domain}/${id}`;
}
