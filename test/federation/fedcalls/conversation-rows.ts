import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import * as client from '#contract/client/conversations.ts';
import { getNotFullyConnectedBackends } from '#contract/federation/brig.ts';
import {
  getConversations,
  onConversationCreated,
  onConversationUpdated,
} from '#contract/federation/galley.ts';
import type { Qualified, UserId } from '#contract/ids.ts';
import { forceConnections } from '#contract/internal/connections.ts';
import { oneToOneConversation } from '#contract/one-to-one.ts';
import { createGroup, expectStatus, type Named, named } from '../conversation-rig.ts';
import { ask, operatorOf } from './play.ts';
import { inOneGroup, place, type Rig, type Row, refused, unreachable } from './proteus-rig.ts';

/** The rows of making, reading and deleting Proteus conversations. */
export const conversationRows: readonly Row[] = [
  ...[client.getConversationV2, client.getConversation].map(
    (route): Row => ({
      route,
      rpc: getConversations,
      call: ({ alice, theirs }) => ask(alice.user, route, place(theirs)),
      status: 200,
      whenDown: { status: 521, shows: refused },
    }),
  ),
  ...[client.listConversationsV1, client.listConversationsV2, client.listConversations].map(
    (route): Row => ({
      route,
      rpc: getConversations,
      call: ({ alice, theirs }) => ask(alice.user, route, {}, { body: { qualified_ids: [theirs] } }),
      status: 200,
      whenDown: { status: 200, shows: ({ failed }, { theirs }) => assert.deepEqual(failed, [theirs]) },
    }),
  ),
  ...[client.createConversationV2, client.createConversationV3].map((route) =>
    creating(route, onConversationCreated, { status: 533, shows: refused }),
  ),
  ...[getNotFullyConnectedBackends, onConversationCreated].map((rpc) =>
    creating(client.createConversation, rpc, unreachable),
  ),
  ...[client.createOneToOneV2, client.createOneToOneV6, client.createOneToOne].map(pairing),
  inOneGroup(teamDeletion()),
];

function creating(route: Row['route'], rpc: Row['rpc'], whenDown: Row['whenDown']): Row {
  return {
    route,
    rpc,
    call: ({ alice, bob }) =>
      ask(alice.user, route, {}, { body: { name: 'new', qualified_users: [named(bob.user)] } }),
    status: 201,
    whenDown,
  };
}

function pairing(route: Row['route']): Row {
  return {
    route,
    rpc: onConversationCreated,
    async call(rig) {
      const body = { qualified_users: [await contactOf(rig)] };
      return ask(rig.alice.user, route, {}, { body });
    },
    status: 201,
    whenDown: { status: 533, shows: refused },
  };
}

/**
 * Somebody of B whose one-to-one with Alice is A's and not there yet: whoever is connected otherwise than by an operator
 * has one from the beginning.
 */
async function contactOf({ a, b, alice }: Rig): Promise<Named> {
  const self = named(alice.user) as Qualified<UserId>;
  for (;;) {
    const other = { domain: b.domain, id: randomUUID() } as Qualified<UserId>;
    if (oneToOneConversation('proteus', self, other).domain !== a.domain) continue;
    const change = { tag: 'CreateConnectionForTest', user: self.id, other };
    expectStatus(await ask(operatorOf(a), forceConnections, {}, { body: change }), 200);
    return other;
  }
}

function teamDeletion(): Row {
  const groups: Named[] = [];
  const teamGroup = ({ tina, bob, team }: Rig) =>
    createGroup(tina, [bob.user], { team: { teamid: team, managed: false } });
  return {
    route: client.deleteTeamConversation,
    rpc: onConversationUpdated,
    // One for each time that the call is made.
    async prepare(rig) {
      for (const _ of ['up', 'down']) groups.push(await teamGroup(rig));
    },
    call(rig) {
      rig.group = groups.pop() ?? rig.group;
      return ask(rig.tina, client.deleteTeamConversation, { tid: rig.team, cid: rig.group.id });
    },
    status: 200,
    whenDown: { status: 200 },
  };
}
