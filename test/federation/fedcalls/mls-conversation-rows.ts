import * as client from '#contract/client/mls-conversations.ts';
import * as subconversations from '#contract/client/subconversations.ts';
import {
  deleteSubconversation,
  getOneToOneConversation,
  getSubconversation,
  leaveSubconversation,
  queryGroupInfo,
} from '#contract/federation/mls-conversations.ts';
import { onMlsMessageSent } from '#contract/federation/mls-messages.ts';
import { conferenceName, type Rig, type Row } from './mls-rig.ts';
import { ask } from './play.ts';
import { place, refused } from './proteus-rig.ts';
import { inTurns } from './turns.ts';

/** The rows of reading MLS conversations of another backend, and of subconversations. */
export const mlsConversationRows: readonly Row[] = [
  ...[client.getGroupInfo, subconversations.getSubconversationGroupInfo].map((route) =>
    asking(route, queryGroupInfo),
  ),
  ...[client.getMlsOneToOneV5, client.getMlsOneToOneV6, client.getMlsOneToOne].map(
    (route): Row => ({
      route,
      rpc: getOneToOneConversation,
      call: ({ alice, bert: { domain, id } }) => ask(alice.user, route, { domain, uid: id }),
      status: 200,
      whenDown: { status: 521, shows: refused },
    }),
  ),
  asking(subconversations.getSubconversation, getSubconversation),
  asking(subconversations.deleteSubconversation, deleteSubconversation, ({ theirs }) => ({
    group_id: theirs.groupId,
    epoch: 1,
  })),
  asking(subconversations.leaveSubconversation, leaveSubconversation),
  inTurns({
    route: subconversations.leaveSubconversation,
    rpc: onMlsMessageSent,
    async make({ leavers, conference }: Rig) {
      const [leaver] = leavers.splice(0, 1);
      if (leaver === undefined) throw new Error('nobody is left who could leave');
      return { leaver, conference };
    },
    call: (_, { leaver, conference }) =>
      ask(leaver.user, subconversations.leaveSubconversation, inSub(conference)),
    whenDown: { status: 200 },
    carries: ({ conference }) => conference.id,
  }),
];

/** Another backend is asked, which owns the conversation. */
function asking(route: Row['route'], rpc: Row['rpc'], body?: (rig: Rig) => unknown): Row {
  return {
    route,
    rpc,
    call: (rig) => ask(rig.alice.user, route, inSub(rig.theirs), body && { body: body(rig) }),
    status: 200,
    whenDown: { status: 521, shows: refused },
  };
}

/** What paths name: a conversation, and its subconversation. */
function inSub({ domain, id }: Rig['theirs']): Readonly<Record<string, string>> {
  return { ...place({ domain, id }), sub: conferenceName };
}
