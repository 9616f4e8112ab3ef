import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import type { MismatchStrategy, NewMessage } from '#contract/messages.ts';
import type { OwnConversation } from '../conversations/conversation.ts';
import { bareResult, qualify, qualifyMessage } from './bare-ids.ts';

const [own, b, c] = ['a.example.com', 'b.example.com', 'c.example.com'] as BackendDomain[] as [
  BackendDomain,
  BackendDomain,
  BackendDomain,
];
const [ann, bob, twin] = ['ann', 'bob', 'twin'] as UserId[] as [UserId, UserId, UserId];
const roles = (...ids: readonly UserId[]) => new Map(ids.map((id) => [id, 'wire_member']));
const conversation = {
  ownMembers: roles(ann),
  remoteMembers: new Map([
    [c, roles(twin)],
    [b, roles(bob, twin, ann)],
  ]),
} as unknown as OwnConversation;

function messageWith(strategy: MismatchStrategy): NewMessage {
  const texts = new Map([['1' as ClientId, 'text']]);
  return {
    sender: '1' as ClientId,
    recipients: new Map([[own, new Map([ann, bob, twin].map((id) => [id, texts]))]]),
    nativePush: true,
    nativePriority: undefined,
    transient: false,
    data: undefined,
    strategy,
  };
}

test('an id is that of an own member before that of another backend’s, and of an own user when nobody has it', () => {
  assert.equal(qualify(conversation, own, ann).domain, own);
  assert.equal(qualify(conversation, own, bob).domain, b);
  assert.equal(qualify(conversation, own, twin).domain, b);
  assert.equal(qualify(conversation, own, 'nobody' as UserId).domain, own);
});

test('a message goes to the members that are meant', () => {
  const { recipients } = qualifyMessage(conversation, own, messageWith({ tag: 'ignore-all' }));
  assert.deepEqual(
    [...recipients].map(([domain, users]) => [domain, [...users.keys()]]),
    [
      [own, [ann]],
      [b, [bob, twin]],
    ],
  );
});

test('who cannot be meant keeps no message from being sent', () => {
  const strategyOf = (strategy: MismatchStrategy) =>
    qualifyMessage(conversation, own, messageWith(strategy)).strategy;
  const unmeant = [
    { domain: c, id: twin },
    { domain: b, id: ann },
  ];
  assert.deepEqual(strategyOf({ tag: 'report-all' }), { tag: 'ignore-only', users: unmeant });
  const users = [{ domain: own, id: bob }];
  const meant = [{ domain: b, id: bob }];
  assert.deepEqual(strategyOf({ tag: 'ignore-only', users }), {
    tag: 'ignore-only',
    users: [...meant, ...unmeant],
  });
  assert.deepEqual(strategyOf({ tag: 'report-only', users }), { tag: 'report-only', users: meant });
  assert.deepEqual(strategyOf({ tag: 'ignore-all' }), { tag: 'ignore-all' });
});

test('a bot is told of users of all backends', () => {
  const of = (clients: readonly ClientId[]) => ({ [own]: { [ann]: clients }, [b]: { [bob]: clients } });
  const status = {
    time: '2026-01-01T00:00:00.000Z',
    missing: of(['1' as ClientId]),
    redundant: {},
    deleted: {},
    failed_to_send: {},
    failed_to_confirm_clients: {},
  };
  const { missing } = bareResult({ isSent: false, status } as Parameters<typeof bareResult>[0]);
  assert.deepEqual(missing, { ann: ['1'], bob: ['1'] });
});
