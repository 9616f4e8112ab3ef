import { removeClient } from '#contract/client/clients.ts';
import { removeMember, removeOwnDomainMember } from '#contract/client/conversation-members.ts';
import * as properties from '#contract/client/conversation-properties.ts';
import { onClientRemoved, onConversationUpdated } from '#contract/federation/galley.ts';
import { onMlsMessageSent } from '#contract/federation/mls-messages.ts';
import { MlsClient, type TestAnswer } from '#testkit';
import { groupWith, idOf, mixedGroup, proteusGroup, type Rig, type Row } from './mls-rig.ts';
import { ask } from './play.ts';
import { place } from './proteus-rig.ts';
import { inTurns } from './turns.ts';

/** The rows of members and clients who are gone, and are to be taken out of groups. */
export const mlsMemberRows: readonly Row[] = [
  ...[removeOwnDomainMember, removeMember].map((route) =>
    inTurns({
      route,
      rpc: onMlsMessageSent,
      make: withAmy,
      call: ({ amy }, group) => ask(amy.user, route, place(group, amy.user)),
      whenDown: { status: 200 },
      carries: idOf,
    }),
  ),
  ...[properties.setOwnDomainAccess, properties.setAccessV2, properties.setAccess].map((route) =>
    inTurns({
      route,
      rpc: onMlsMessageSent,
      make: withAmy,
      call({ alice }, group) {
        const roles = route === properties.setAccess ? 'access_role' : 'access_role_v2';
        return ask(alice.user, route, place(group), {
          body: { access: ['invite'], [roles]: ['team_member'] },
        });
      },
      whenDown: { status: 200 },
      carries: idOf,
    }),
  ),
  inTurns({
    route: properties.setProtocol,
    rpc: onConversationUpdated,
    make: (rig: Rig) => proteusGroup(rig),
    call: ({ alice }, group) =>
      ask(alice.user, properties.setProtocol, place(group), { body: { protocol: 'mixed' } }),
    whenDown: { status: 200 },
    carries: idOf,
  }),
  inTurns({
    route: properties.setProtocol,
    rpc: onMlsMessageSent,
    // Amy's client is in the group, and she is no member.
    make: (rig: Rig) => mixedGroup(rig, [], [rig.amy]),
    call: ({ alice }, group) =>
      ask(alice.user, properties.setProtocol, place(group), { body: { protocol: 'mls' } }),
    whenDown: { status: 200 },
    carries: idOf,
  }),
  inTurns({
    route: removeClient,
    rpc: onClientRemoved,
    async make({ spares }: Rig) {
      const [spare] = spares.splice(0, 1);
      if (spare === undefined) throw new Error('no client is left that could be removed');
      return spare;
    },
    call: (_, spare) => remove(spare),
    whenDown: { status: 200 },
    carries: ({ clientId }) => clientId,
  }),
  inTurns({
    route: removeClient,
    rpc: onMlsMessageSent,
    async make(rig: Rig) {
      const second = await MlsClient.register(rig.a, rig.amy.user, 0);
      return { second, group: await groupWith(rig, rig.amy, second, rig.bob) };
    },
    call: (_, { second }) => remove(second),
    whenDown: { status: 200 },
    carries: ({ group }) => group.id,
  }),
];

function withAmy(rig: Rig) {
  return groupWith(rig, rig.amy, rig.bob);
}

function remove({ user, clientId }: MlsClient): Promise<TestAnswer> {
  return ask(user, removeClient, { client: clientId }, { body: { password: user.password } });
}
