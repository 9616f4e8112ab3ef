import * as client from '#contract/client/conversation-properties.ts';
import { onConversationUpdated, updateConversation } from '#contract/federation/galley.ts';
import { ask } from './play.ts';
import { fresh, inOneGroup, place, type Row, refused, withBob } from './proteus-rig.ts';

/** The rows of a Proteus conversation's properties. */
export const propertyRows: readonly Row[] = [
  ...[client.renameOwnDomainV1, client.renameOwnDomain, client.rename].map((route) =>
    changing(route, () => ({ name: `n${fresh()}` })),
  ),
  ...[client.setOwnDomainMessageTimer, client.setMessageTimer].map((route) =>
    changing(route, () => ({ message_timer: 1_000 * fresh() })),
  ),
  ...[client.setOwnDomainReceiptMode, client.setReceiptMode].map((route) =>
    changing(route, () => ({ receipt_mode: fresh() })),
  ),
  ...[client.setOwnDomainAccess, client.setAccessV2].map((route) =>
    changing(route, () => ({ access: otherAccess(), access_role_v2: everybody })),
  ),
  changing(client.setAccess, () => ({ access: otherAccess(), access_role: everybody })),
  {
    route: client.setReceiptMode,
    rpc: updateConversation,
    call: ({ alice, theirs }) =>
      ask(alice.user, client.setReceiptMode, place(theirs), { body: { receipt_mode: fresh() } }),
    status: 204,
    whenDown: { status: 521, shows: refused },
  },
  {
    route: client.setProtocol,
    rpc: updateConversation,
    call: ({ alice, theirs }) =>
      ask(alice.user, client.setProtocol, place(theirs), { body: { protocol: 'mixed' } }),
    status: 204,
    whenDown: { status: 521, shows: refused },
  },
];

const everybody = ['team_member', 'non_team_member', 'guest', 'service'];

function changing(route: Row['route'], body: () => unknown): Row {
  return inOneGroup({
    route,
    rpc: onConversationUpdated,
    prepare: (rig) => withBob(rig),
    call: ({ alice, group }) => ask(alice.user, route, place(group), { body: body() }),
    status: 200,
    whenDown: { status: 200 },
  });
}

let isOpen = false;

/** One or the other, never the same twice running. */
function otherAccess(): readonly string[] {
  isOpen = !isOpen;
  return isOpen ? ['invite', 'link'] : ['invite'];
}
