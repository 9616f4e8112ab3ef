import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createConversation } from '#contract/client/conversations.ts';
import { until } from '#testkit';
import { b, openRig, userOf } from './conversations-rig.ts';

describe('a conversation whose making was broken off', () => {
  it('is taken away by the next start, and taken back where it may be known', async () => {
    await using rig = await openRig();
    const [alice, bob] = [rig.user(), userOf(b)];
    rig.connect(alice, bob);
    const { body } = await rig.send(alice, createConversation, { body: { qualified_users: [bob] } });
    rig.told.length = 0;
    await rig.storage.work((work) =>
      work.db.updateTable('conversation').set({ pending: 1, created_at: 0 }).execute(),
    );
    await using _again = rig.openAgain();
    const told = await until('it to be taken back', () => rig.told[0]);
    assert.deepEqual(
      [told.to, told.input.convId, told.input.action],
      [[b], body.id, { tag: 'ConversationDeleteTag', action: {} }],
    );
    assert.deepEqual(await rig.storage.reader.selectFrom('conversation').selectAll().execute(), []);
  });

  it('stays while it is being made', async () => {
    await using rig = await openRig();
    const [alice, bob] = [rig.user(), userOf(b)];
    rig.connect(alice, bob);
    rig.script = async ({ rpc }) => {
      if (rpc !== 'on-conversation-created')
        return rpc === 'api-version' ? { supported: [1] } : { non_connected_backends: [] };
      const again = rig.openAgain();
      await again[Symbol.asyncDispose]();
      return {};
    };
    const made = await rig.send(alice, createConversation, { body: { qualified_users: [bob] } });
    assert.ok((await rig.galley.conversations.find(made.body.id)) !== undefined);
  });
});
