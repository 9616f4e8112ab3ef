import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MlsClient, openNetwork, type TestNetwork, until } from '#testkit';
import { connect, expectStatus, pathOf } from '../federation/conversation-rig.ts';
import { followed } from '../federation/mls-rig.ts';
import { type CoreCryptoGroup, CoreCryptoMember, loadCoreCrypto } from './core-crypto-member.ts';

/*
 * A group over three backends of clients that have nothing of their code in common: Alice on A and Carol on C encrypt with
 * Wire's own CoreCrypto, Bob on B with ts-mls.
 */

describe('a group of CoreCrypto and ts-mls clients over three backends', () => {
  let network: TestNetwork;
  let alice: CoreCryptoMember;
  let bob: MlsClient;
  let carol: CoreCryptoMember;
  let group: CoreCryptoGroup;
  before(async () => {
    await loadCoreCrypto();
    network = await openNetwork({ backends: 3 });
    alice = await CoreCryptoMember.create(network.backend(0), 'Alice');
    bob = await MlsClient.create(network.backend(1), 'Bob');
    carol = await CoreCryptoMember.create(network.backend(2), 'Carol');
    await connect(alice.user, bob.user);
    await connect(alice.user, carol.user);
    group = await alice.createGroup();
  });
  after(() => network[Symbol.asyncDispose]());

  /** Reads until so many texts have come, and returns them. */
  async function reads(member: CoreCryptoMember, count: number): Promise<readonly string[]> {
    const all: string[] = [];
    return until(`${member.user.name} to read ${count} messages`, async () => {
      all.push(...(await member.catchUp(group)).texts);
      return all.length >= count ? all : undefined;
    });
  }

  async function reaches(member: CoreCryptoMember, epoch: number): Promise<void> {
    await until(`${member.user.name} to be at epoch ${epoch}`, async () => {
      await member.catchUp(group);
      return (await member.epoch(group).catch(() => 0)) >= epoch ? true : undefined;
    });
  }

  it('is made by one library and joined by both', async () => {
    await alice.add(group, bob.user, carol.user);
    assert.equal(alice.lastCommit?.status, 201);
    await followed(bob, ({ types }) => types.includes('conversation.mls-welcome'));
    await reaches(carol, 1);
    const all = [alice.identity, bob.device.identity, carol.identity].toSorted();
    assert.deepEqual(await carol.clientsIn(group), all);
  });

  it('carries what each says to the others', async () => {
    await alice.send(group, 'from CoreCrypto');
    const seen = await followed(bob, ({ texts }) => texts.length > 0);
    assert.deepEqual([seen.texts, seen.failures], [['from CoreCrypto'], []]);
    assert.deepEqual(await reads(carol, 1), ['from CoreCrypto']);
    expectStatus(await bob.send(group, 'from ts-mls'), 201);
    assert.deepEqual(await reads(alice, 1), ['from ts-mls']);
    assert.deepEqual(await reads(carol, 1), ['from ts-mls']);
  });

  it('is joined by a second client of a member by itself', async () => {
    const second = await CoreCryptoMember.register(network.backend(2), carol.user);
    await second.joinExternally(group);
    assert.equal(second.lastCommit?.status, 201);
    await reaches(alice, 2);
    await reaches(carol, 2);
    await followed(bob, ({ types }) => types.includes('conversation.mls-message-add'));
    await second.send(group, 'me too');
    assert.deepEqual(await reads(alice, 1), ['me too']);
    const seen = await followed(bob, ({ texts }) => texts.length > 0);
    assert.deepEqual(seen.texts, ['me too']);
    await alice.remove(group, second.identity, carol.identity);
    assert.equal(alice.lastCommit?.status, 201);
  });

  it('loses a user who is deleted, by a proposal of the backend that CoreCrypto believes', async () => {
    await alice.add(group, carol.user);
    assert.equal(alice.lastCommit?.status, 201);
    const body = { password: bob.user.password };
    expectStatus(await bob.user.send('/self', { method: 'DELETE', body }), 200);
    await until('Alice to hear of it', async () => {
      const { types } = await alice.catchUp(group);
      return types.includes('conversation.mls-message-add') ? true : undefined;
    });
    await alice.commitPending(group);
    assert.equal(alice.lastCommit?.status, 201);
    assert.ok(!(await alice.clientsIn(group)).includes(bob.device.identity));
    const shown = expectStatus(await alice.user.send(pathOf(group)), 200);
    assert.equal(shown.get('epoch'), await alice.epoch(group));
  });
});
