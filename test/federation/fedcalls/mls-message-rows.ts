import { sendMlsCommitBundle, sendMlsMessage } from '#contract/client/mls-messages.ts';
import { getMlsClients, getNotFullyConnectedBackends } from '#contract/federation/brig.ts';
import { onConversationUpdated } from '#contract/federation/galley.ts';
import * as rpcs from '#contract/federation/mls-messages.ts';
import type { MlsTestGroup, TestAnswer } from '#testkit';
import { asMls, groupWith, idOf, type Rig, type Row, submit, unreachable } from './mls-rig.ts';
import { ask } from './play.ts';
import { refused } from './proteus-rig.ts';
import { inTurns } from './turns.ts';

/** The rows of what is sent to MLS groups. */
export const mlsMessageRows: readonly Row[] = [
  inTurns({
    route: sendMlsMessage,
    rpc: rpcs.onMlsMessageSent,
    make: withBob,
    call: say,
    status: 201,
    whenDown: { status: 201 },
    carries: idOf,
  }),
  inTurns({
    route: sendMlsCommitBundle,
    rpc: rpcs.onMlsMessageSent,
    make: withBob,
    call: ({ alice }, group) => submit(alice, group),
    status: 201,
    whenDown: { status: 201 },
    carries: idOf,
  }),
  // Whose user is in already is added without asking its backend.
  inTurns({
    route: sendMlsCommitBundle,
    rpc: rpcs.mlsWelcome,
    make: withBob,
    call: ({ alice, tablet }, group) => submit(alice, group, tablet),
    status: 201,
    whenDown: { status: 201 },
    carries: idOf,
  }),
  ...[getMlsClients, getNotFullyConnectedBackends, onConversationUpdated].map((rpc) =>
    inTurns({
      route: sendMlsCommitBundle,
      rpc,
      make: (rig: Rig) => groupWith(rig),
      call: ({ alice, bob }, group) => submit(alice, group, bob),
      status: 201,
      whenDown: unreachable,
    }),
  ),
  {
    route: sendMlsMessage,
    rpc: rpcs.sendMlsMessage,
    call: (rig) => say(rig, rig.theirs),
    status: 201,
    whenDown: { status: 521, shows: refused },
  },
  {
    route: sendMlsCommitBundle,
    rpc: rpcs.sendMlsCommitBundle,
    call: ({ alice, theirs }) => submit(alice, theirs),
    status: 201,
    whenDown: { status: 521, shows: refused },
  },
];

function withBob(rig: Rig): Promise<MlsTestGroup> {
  return groupWith(rig, rig.bob);
}

async function say({ alice }: Rig, { groupId }: MlsTestGroup): Promise<TestAnswer> {
  const message = await alice.device.encrypt(groupId, 'hello');
  return ask(alice.user, sendMlsMessage, {}, { raw: asMls(message) });
}
