import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Relation } from '#contract/client/connections.ts';
import type { ConnectionAction } from '#contract/federation/brig.ts';
import { belongsIn, type OwnAction, reactionOf, toldOf, transition } from './remote-transitions.ts';

const relations = ['cancelled', 'sent', 'pending', 'accepted', 'ignored', 'blocked'] as const;

/** Reference federation-api 7.3; `-` is no transition. */
const reference: Readonly<Record<string, readonly string[]>> = {
  //              connect     block      ignore     rescind      RemoteConnect RemoteRescind
  cancelled: ['sent', 'blocked', '-', '-', 'pending', '-'],
  sent: ['sent', 'blocked', '-', 'cancelled', 'accepted', '-'],
  pending: ['accepted', 'blocked', 'ignored', '-', 'pending', 'cancelled'],
  accepted: ['accepted', 'blocked', '-', 'pending', 'accepted', 'sent'],
  ignored: ['sent', 'blocked', '-', '-', 'pending', '-'],
  blocked: ['sent', '-', '-', '-', '-', '-'],
};
const actions = ['connect', 'block', 'ignore', 'rescind', 'RemoteConnect', 'RemoteRescind'] as const;

describe('transitions of a connection with a user of another backend', () => {
  it('are those of the reference', () => {
    for (const from of relations) {
      const found = actions.map((action) => transition(action, from) ?? '-');
      assert.deepEqual(found, reference[from], from);
    }
  });

  it('treat missing legalhold consent as blocked', () => {
    for (const action of actions) {
      assert.equal(transition(action, 'missing-legalhold-consent'), transition(action, 'blocked'));
    }
  });

  it('tell the other side of asking and withdrawing only', () => {
    const told = actions.slice(0, 4).map((action) => toldOf(action as OwnAction, 'sent'));
    assert.deepEqual(told, ['RemoteConnect', undefined, undefined, 'RemoteRescind']);
  });

  it('tell again what a row says, but nothing of a blocked one', () => {
    const told = relations.map((from) =>
      transition('reassure', from) === undefined ? '-' : toldOf('reassure', from),
    );
    const no = 'RemoteRescind';
    assert.deepEqual(told, [no, 'RemoteConnect', no, 'RemoteConnect', no, '-']);
  });

  it('keep the one who acted in the conversation as the reference says', () => {
    const members = relations.map((relation) => [belongsIn('own', relation), belongsIn('remote', relation)]);
    const [both, own, remote, none] = [
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ];
    assert.deepEqual(members, [none, own, remote, both, remote, none]);
  });
});

interface Side {
  row: Relation;
}

/** What a side does when it hears an action: its new row, and the reaction. */
function hear(side: Side, action: ConnectionAction): ConnectionAction | null {
  const after = transition(action, side.row);
  if (after !== undefined) side.row = after;
  return reactionOf(after);
}

function apply(side: Side, action: OwnAction, reaction: ConnectionAction | null): void {
  const own = transition(action, side.row);
  if (own === undefined) return;
  side.row = (reaction && transition(reaction, own)) ?? own;
}

describe('two sides that ask at once', () => {
  // Each side's question is heard by the other one at any moment before its own row changes.
  const orders = [
    ['a asks', 'b asks', 'a applies', 'b applies'],
    ['a asks', 'b asks', 'b applies', 'a applies'],
    ['a asks', 'a applies', 'b asks', 'b applies'],
    ['b asks', 'a asks', 'a applies', 'b applies'],
  ];
  for (const order of orders)
    it(`end accepted on both when ${order.join(', ')}`, () => {
      const sides = { a: { row: 'cancelled' } as Side, b: { row: 'cancelled' } as Side };
      const reactions: Record<string, ConnectionAction | null> = {};
      for (const step of order) {
        const me = step.startsWith('a') ? 'a' : 'b';
        const other = me === 'a' ? 'b' : 'a';
        if (step.endsWith('asks')) reactions[me] = hear(sides[other], 'RemoteConnect');
        else apply(sides[me], 'connect', reactions[me] ?? null);
      }
      assert.deepEqual([sides.a.row, sides.b.row], ['accepted', 'accepted']);
    });
});
