import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Relation } from '#contract/client/connections.ts';
import { type OwnStep, requestStep, updateStep } from './own-transitions.ts';

const relations = ['accepted', 'blocked', 'pending', 'ignored', 'sent', 'cancelled'] as const;

function name(step: OwnStep): string {
  switch (step.kind) {
    case 'set':
      return `${step.silent ? 'silently ' : ''}${step.mine}`;
    case 'accept':
      return step.both ? 'accept both' : 'accept mine';
    case 'unblock':
      return `unblock to ${step.mine}`;
    default:
      return step.kind;
  }
}

/** Reference client-api 3.4, "Local-local create": what a request does, by my row and theirs. */
function expectedRequest(mine: Relation, theirs: Relation): string {
  if (mine === 'accepted' && (theirs === 'accepted' || theirs === 'blocked')) return 'keep';
  if (mine === 'sent' && theirs === 'blocked') return 'keep';
  if (mine === 'blocked') return 'refuse';
  if (theirs === 'blocked') return 'silently sent';
  return theirs === 'sent' || theirs === 'accepted' ? 'accept both' : 'ask';
}

describe('transitions between two users of one backend', () => {
  it('of a request are those of the reference, for each pair of rows', () => {
    for (const mine of relations)
      for (const theirs of relations)
        assert.equal(name(requestStep(mine, theirs)), expectedRequest(mine, theirs), `${mine}, ${theirs}`);
  });

  const updates: readonly (readonly [Relation, Relation, Relation, string])[] = [
    ['pending', 'sent', 'accepted', 'accept both'],
    ['pending', 'pending', 'accepted', 'accept both'],
    ['pending', 'blocked', 'accepted', 'accept mine'],
    ['ignored', 'sent', 'accepted', 'accept both'],
    ['pending', 'sent', 'ignored', 'ignored'],
    ['pending', 'sent', 'blocked', 'block'],
    ['cancelled', 'cancelled', 'blocked', 'block'],
    ['blocked', 'accepted', 'sent', 'unblock to accepted'],
    ['blocked', 'sent', 'accepted', 'unblock to accepted'],
    ['blocked', 'cancelled', 'accepted', 'unblock to sent'],
    ['sent', 'pending', 'cancelled', 'cancel'],
    ['sent', 'ignored', 'cancelled', 'cancel'],
    ['sent', 'blocked', 'cancelled', 'cancelled'],
    ['sent', 'sent', 'accepted', 'settle'],
    ['sent', 'accepted', 'accepted', 'accepted'],
    ['sent', 'pending', 'accepted', 'refuse'],
    ['accepted', 'accepted', 'accepted', 'keep'],
    ['accepted', 'accepted', 'cancelled', 'refuse'],
    ['accepted', 'accepted', 'pending', 'refuse'],
    ['cancelled', 'cancelled', 'accepted', 'refuse'],
    ['blocked', 'accepted', 'ignored', 'refuse'],
  ];
  for (const [mine, theirs, wanted, step] of updates)
    it(`from ${mine} (other side ${theirs}) to ${wanted}: ${step}`, () => {
      assert.equal(name(updateStep(mine, theirs, wanted)), step);
    });

  it('never lead to or from missing legalhold consent', () => {
    const suspended = 'missing-legalhold-consent';
    for (const relation of [...relations, suspended] as const) {
      assert.equal(requestStep(suspended, relation).kind, 'refuse');
      assert.equal(requestStep(relation, suspended).kind, 'refuse');
      for (const wanted of [...relations, suspended] as const) {
        assert.equal(updateStep(suspended, relation, wanted).kind, 'refuse');
        assert.equal(updateStep(relation, suspended, wanted).kind, 'refuse');
      }
      assert.equal(updateStep(relation, 'accepted', suspended).kind, 'refuse');
    }
  });
});
