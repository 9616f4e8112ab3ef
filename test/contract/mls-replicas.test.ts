import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { addMembers } from '#contract/client/conversation-members.ts';
import { createConversation } from '#contract/client/conversations.ts';
import { mlsContentType } from '#contract/client/mls-conversations.ts';
import { sendMlsCommitBundle, sendMlsMessage } from '#contract/client/mls-messages.ts';
import type { ClientId } from '#contract/ids.ts';
import type { Galley } from '#galley';
import { MlsDevice, openPostgresServer, type PostgresServer } from '#testkit';
import { a, openRig, refusal, type User } from './conversations-rig.ts';

/* Two processes on one PostgreSQL: what one has changed the other knows, although both keep conversations in memory. */

describe('two processes on one database', () => {
  let server: PostgresServer;
  let url: string;
  before(async () => {
    server = await openPostgresServer();
    url = await server.createDatabase();
  });
  after(() => server[Symbol.asyncDispose]());

  it('see the members that the other has added', async () => {
    await using rig = await openRig({}, url);
    await using other = rig.openAgain();
    const [alice, bob] = [rig.user(), rig.user()];
    rig.connect(alice, bob);
    const { body: made } = await rig.send(alice, createConversation, { body: {} });
    assert.equal((await other.conversations.find(made.id))?.ownMembers.size, 1);
    const params = { domain: a, cnv: made.id };
    await rig.send(alice, addMembers, { params, body: { qualified_users: [bob] } });
    assert.equal((await other.conversations.find(made.id))?.ownMembers.size, 2);
  });

  it('take one commit for each epoch of a group, whichever it comes to', async () => {
    await using rig = await openRig({}, url, { hasMls: true });
    await using other = rig.openAgain();
    const alice = rig.user();
    const [phone, laptop] = ['1a' as ClientId, '2b' as ClientId];
    rig.clients.set(alice.id, [phone]);
    const device = await MlsDevice.create(`${alice.id}:${phone}@${a}`);
    const { body: made } = await rig.send(alice, createConversation, { body: { protocol: 'mls' } });
    const groupId = String(made.group_id);
    await device.createGroup(groupId);
    const commit = async (bundle: Buffer, through: Galley) => {
      const body = { contentType: mlsContentType, bytes: bundle };
      return rig.send(alice, sendMlsCommitBundle, { client: phone, body }, through);
    };
    for (let epoch = 0; epoch < 12; epoch += 1) {
      const rivals = await Promise.all([0, 1, 2, 3].map(() => device.commit(groupId)));
      const outcomes = await Promise.allSettled(
        rivals.map(({ bundle }, index) => commit(bundle, index % 2 === 0 ? rig.galley : other)),
      );
      const winners = rivals.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      assert.equal(winners.length, 1);
      for (const outcome of outcomes)
        if (outcome.status === 'rejected') assert.ok(refusal('mls-stale-message')(outcome.reason));
      winners[0]?.accept();
    }
    const second = await MlsDevice.create(`${alice.id}:${laptop}@${a}`);
    const { bytes } = await second.makeKeyPackage();
    const added = await device.commit(groupId, { add: [bytes] });
    await commit(added.bundle, rig.galley);
    added.accept();
    assert.deepEqual(await reachedBy(other, alice, await device.encrypt(groupId, 'hello')), [[laptop]]);

    async function reachedBy(through: Galley, user: User, bytesSent: Buffer) {
      const from = rig.pushes.length;
      const body = { contentType: mlsContentType, bytes: bytesSent };
      await rig.send(user, sendMlsMessage, { client: phone, body }, through);
      return rig.pushes.slice(from).flatMap(({ recipients }) => recipients.map(({ clients }) => clients));
    }
  });
});
