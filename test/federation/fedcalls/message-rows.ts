import assert from 'node:assert/strict';
import { sendLegacyMessage, sendQualifiedMessage } from '#contract/client/messages.ts';
import { getUserClients } from '#contract/federation/brig.ts';
import { onMessageSent, sendMessage } from '#contract/federation/galley.ts';
import { writeQualifiedMessage } from '#contract/protobuf/otr.ts';
import { base64, messageFrom } from '../messages-rig.ts';
import { ask } from './play.ts';
import { inOneGroup, place, type Rig, type Row, refused, withBob } from './proteus-rig.ts';

/** The rows of Proteus messages. */
export const messageRows: readonly Row[] = [
  ...[getUserClients, onMessageSent].flatMap((rpc) => [
    inOneGroup({
      route: sendQualifiedMessage,
      rpc,
      prepare: (rig) => withBob(rig),
      call: (rig) => ask(rig.alice.user, sendQualifiedMessage, place(rig.group), { raw: hello(rig) }),
      status: 201,
      whenDown: {
        status: 201,
        shows: ({ failed_to_confirm_clients }, { b, bob }) =>
          assert.deepEqual(failed_to_confirm_clients, { [b.domain]: { [bob.user.id]: [bob.client] } }),
      },
    }),
    inOneGroup({
      route: sendLegacyMessage,
      rpc,
      prepare: (rig) => withBob(rig),
      call: ({ alice, bob, group }) =>
        ask(alice.user, sendLegacyMessage, place(group), {
          body: { sender: alice.client, recipients: { [bob.user.id]: { [bob.client]: base64('hello') } } },
        }),
      status: 201,
      whenDown: { status: 201 },
    }),
  ]),
  {
    route: sendQualifiedMessage,
    rpc: sendMessage,
    call: (rig) => ask(rig.alice.user, sendQualifiedMessage, place(rig.theirs), { raw: hello(rig) }),
    status: 201,
    whenDown: { status: 521, shows: refused },
  },
];

function hello({ alice, bob }: Rig): { readonly type: string; readonly bytes: Buffer } {
  return {
    type: 'application/x-protobuf',
    bytes: writeQualifiedMessage(messageFrom(alice, [bob], 'hello')),
  };
}
