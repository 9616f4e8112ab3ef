import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as codes from '#contract/client/conversation-codes.ts';
import { setAccess } from '#contract/client/conversation-properties.ts';
import { createConversation } from '#contract/client/conversations.ts';
import type { ConversationId } from '#contract/ids.ts';
import {
  a,
  b,
  newConversationId,
  openRig,
  type Rig,
  refusal,
  type User,
  userOf,
} from './conversations-rig.ts';

const open = {
  access: ['invite', 'code'],
  access_role: ['team_member', 'non_team_member', 'guest'],
} as const;

async function openGroup(rig: Rig, more: object = open) {
  const [alice, bob] = [rig.user(), userOf(b)];
  rig.connect(alice, bob);
  const { body } = await rig.send(alice, createConversation, {
    body: { qualified_users: [bob], name: 'open', ...more },
  });
  rig.told.length = 0;
  return { alice, bob, cnv: body.id };
}

async function codeOf(rig: Rig, user: User, cnv: ConversationId, password?: string) {
  const body = password === undefined ? undefined : { password };
  const made = await rig.send(user, codes.createCode, {
    params: { cnv },
    ...(body === undefined ? {} : { body }),
  });
  assert.ok(made.status === 201 && made.body.type === 'conversation.code-update');
  return made.body.data;
}

describe('codes', () => {
  it('open a conversation to users of this backend, as plain members', async () => {
    await using rig = await openRig();
    const { alice, cnv } = await openGroup(rig);
    const { key, code, uri, has_password } = await codeOf(rig, alice, cnv);
    assert.match(`${key} ${code}`, /^[\w-]{20} [\w-]{20}$/);
    assert.equal(uri, `https://account.example.com/conversation-join/?key=${key}&code=${code}`);
    assert.equal(has_password, false);
    const guest = rig.user({ isActivated: false });
    assert.deepEqual((await rig.send(guest, codes.getCoverView, { query: { key, code } })).body, {
      id: cnv,
      name: 'open',
      has_password: false,
    });
    await rig.send(guest, codes.checkCode, { body: { key, code } });
    const joined = await rig.send(guest, codes.joinByCode, { body: { key, code } });
    assert.ok(joined.status === 200 && joined.body.type === 'conversation.member-join');
    assert.equal(joined.body.data.users[0]?.conversation_role, 'wire_member');
    assert.equal((await rig.send(guest, codes.joinByCode, { body: { key, code } })).status, 204);
    assert.deepEqual(
      rig.told.map(({ to }) => to[0]),
      [b],
      'once',
    );
  });

  it('are made once, by admins, where the conversation lets people in', async () => {
    await using rig = await openRig();
    const { alice, cnv } = await openGroup(rig);
    const closed = await openGroup(rig, {});
    const make = (user: User, id = cnv) => rig.send(user, codes.createCode, { params: { cnv: id } });
    await assert.rejects(make(alice, newConversationId()), refusal('no-conversation'));
    await assert.rejects(make(rig.user()), refusal('access-denied'));
    await assert.rejects(make(closed.alice, closed.cnv), refusal('access-denied'));
    const { code } = await codeOf(rig, alice, cnv);
    const again = await make(alice);
    assert.ok(again.status === 200);
    assert.equal(again.body.code, code);
    const body = { password: 'long enough' };
    await assert.rejects(
      rig.send(alice, codes.createCode, { params: { cnv }, body }),
      refusal('create-conv-code-conflict'),
    );
    assert.equal((await rig.send(alice, codes.getCode, { params: { cnv } })).body.code, code);
    await assert.rejects(
      rig.send(rig.user(), codes.getCode, { params: { cnv } }),
      refusal('no-conversation'),
    );
    await assert.rejects(
      rig.send(rig.user(), codes.deleteCode, { params: { cnv } }),
      refusal('access-denied'),
    );
  });

  it('with a password open to whoever knows it too', async () => {
    await using rig = await openRig();
    const { alice, cnv } = await openGroup(rig);
    const { key, code, has_password } = await codeOf(rig, alice, cnv, 'correct horse');
    assert.equal(has_password, true);
    const amir = rig.user();
    const join = (password?: string) =>
      rig.send(amir, codes.joinByCode, {
        body: { key, code, ...(password === undefined ? {} : { password }) },
      });
    await assert.rejects(join(), refusal('invalid-conversation-password'));
    await assert.rejects(join('wrong horse'), refusal('invalid-conversation-password'));
    assert.equal((await join('correct horse')).status, 200);
    const rows = await rig.storage.reader.selectFrom('conversation_code').selectAll().execute();
    assert.ok(!JSON.stringify(rows).includes('correct horse'));
  });

  it('that are wrong, old, taken away or of a closed conversation open nothing', async () => {
    await using rig = await openRig({ codeLifetimeSeconds: 0 });
    const { alice, cnv } = await openGroup(rig);
    const amir = rig.user();
    const old = await codeOf(rig, alice, cnv);
    const join = ({ key, code }: { key: string; code: string }) =>
      rig.send(amir, codes.joinByCode, { body: { key, code } });
    await assert.rejects(join(old), refusal('no-conversation-code'));
    await using fresh = await openRig();
    const group = await openGroup(fresh);
    const given = await codeOf(fresh, group.alice, group.cnv);
    const user = fresh.user();
    const wrong = {
      key: given.key,
      code: `${given.code.slice(0, -1)}${given.code.endsWith('A') ? 'B' : 'A'}`,
    };
    const enter = (body: { key: string; code: string }) =>
      fresh.send(user, codes.joinByCode, { body: { key: body.key, code: body.code } });
    await assert.rejects(enter(wrong), refusal('no-conversation-code'));
    await fresh.send(group.alice, codes.deleteCode, { params: { cnv: group.cnv } });
    await assert.rejects(enter(given), refusal('no-conversation-code'));
    const next = await codeOf(fresh, group.alice, group.cnv);
    await fresh.send(group.alice, setAccess, {
      params: { domain: a, cnv: group.cnv },
      body: { access: ['invite'], access_role: [...open.access_role] },
    });
    await assert.rejects(enter(next), refusal('no-conversation-code'));
  });

  it('do nothing where links are off, and let nobody into a full conversation', async () => {
    await using off = await openRig({ guestLinks: false });
    const { alice, cnv } = await openGroup(off);
    await assert.rejects(
      off.send(alice, codes.createCode, { params: { cnv } }),
      refusal('guest-links-disabled'),
    );
    await using rig = await openRig({ maxConversationSize: 2 });
    const group = await openGroup(rig);
    const { key, code } = await codeOf(rig, group.alice, group.cnv);
    await rig.send(rig.user(), codes.joinByCode, { body: { key, code } });
    await assert.rejects(
      rig.send(rig.user(), codes.joinByCode, { body: { key, code } }),
      refusal('too-many-members'),
    );
  });
});
