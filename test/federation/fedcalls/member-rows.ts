import * as codes from '#contract/client/conversation-codes.ts';
import * as client from '#contract/client/conversation-members.ts';
import { getNotFullyConnectedBackends } from '#contract/federation/brig.ts';
import {
  leaveConversation,
  onConversationUpdated,
  onTypingIndicatorUpdated,
  updateTypingIndicator,
} from '#contract/federation/galley.ts';
import { named } from '../conversation-rig.ts';
import { ask } from './play.ts';
import {
  addAmy,
  inOneGroup,
  place,
  type Rig,
  type Row,
  refused,
  takeOut,
  unreachable,
  withBob,
  withoutBob,
} from './proteus-rig.ts';

/** The rows of who is in Proteus conversations. */
export const memberRows: readonly Row[] = [
  ...[client.addMembersV1, client.addMembers].flatMap(adding),
  inOneGroup({
    route: client.addOwnDomainMembers,
    rpc: onConversationUpdated,
    prepare: (rig) => withBob(rig),
    async call({ alice, amy, group }) {
      await takeOut(alice.user, group, amy);
      return ask(alice.user, client.addOwnDomainMembers, place(group), { body: { users: [amy.id] } });
    },
    status: 200,
    whenDown: { status: 200 },
  }),
  ...[client.removeOwnDomainMember, client.removeMember].map((route) =>
    inOneGroup({
      route,
      rpc: onConversationUpdated,
      prepare: (rig) => withBob(rig),
      async call(rig) {
        await addAmy(rig);
        return ask(rig.alice.user, route, place(rig.group, rig.amy));
      },
      status: 200,
      whenDown: { status: 200 },
    }),
  ),
  {
    route: client.removeMember,
    rpc: leaveConversation,
    call: ({ alice, left }) => ask(alice.user, client.removeMember, place(left, alice.user)),
    status: 200,
    // She has left, and cannot leave again.
    whenDown: undefined,
  },
  ...[client.updateOwnDomainMember, client.updateMember].map((route) =>
    inOneGroup({
      route,
      rpc: onConversationUpdated,
      async prepare(rig) {
        await withBob(rig);
        await addAmy(rig);
      },
      call: ({ alice, amy, group }) =>
        ask(alice.user, route, place(group, amy), { body: { conversation_role: otherRole() } }),
      status: 200,
      whenDown: { status: 200 },
    }),
  ),
  ...[codes.joinByCode, codes.joinById].map(joining),
  ...[client.typeInOwnDomain, client.typeIn].map((route) =>
    inOneGroup({
      route,
      rpc: onTypingIndicatorUpdated,
      prepare: (rig) => withBob(rig),
      call: ({ alice, group }) => ask(alice.user, route, place(group), { body: { status: 'started' } }),
      status: 200,
      whenDown: { status: 200 },
    }),
  ),
  {
    route: client.typeIn,
    rpc: updateTypingIndicator,
    call: ({ alice, theirs }) =>
      ask(alice.user, client.typeIn, place(theirs), { body: { status: 'started' } }),
    status: 200,
    whenDown: { status: 521, shows: refused },
  },
];

/** Bob comes in anew each time. With his backend down his leaving is queued, and his coming back is refused. */
function adding(route: Row['route']): readonly Row[] {
  return [getNotFullyConnectedBackends, onConversationUpdated].map((rpc) =>
    inOneGroup({
      route,
      rpc,
      prepare: (rig) => withoutBob(rig),
      async call({ alice, bob, group }) {
        await takeOut(alice.user, group, bob.user);
        return ask(alice.user, route, place(group), { body: { qualified_users: [named(bob.user)] } });
      },
      status: 200,
      whenDown: unreachable,
    }),
  );
}

/** Amy joins, after she has left if she was in. */
function joining(route: Row['route']): Row {
  return inOneGroup({
    route,
    rpc: onConversationUpdated,
    prepare: (rig) =>
      withBob(rig, { access: ['code', 'link'], access_role: ['team_member', 'non_team_member', 'guest'] }),
    async call(rig) {
      await takeOut(rig.amy, rig.group, rig.amy);
      if (route === codes.joinById) return ask(rig.amy, route, place(rig.group));
      return ask(rig.amy, route, {}, { body: await codeOf(rig) });
    },
    status: 200,
    whenDown: { status: 200 },
  });
}

async function codeOf({ alice, group }: Rig): Promise<{ readonly key: string; readonly code: string }> {
  const made = await alice.user.send(`/conversations/${group.id}/code`, { body: {} });
  return (made.get('data') ?? made.body) as { readonly key: string; readonly code: string };
}

let isAdmin = false;

/** One or the other, never the same twice running. */
function otherRole(): string {
  isAdmin = !isAdmin;
  return isAdmin ? 'wire_admin' : 'wire_member';
}
