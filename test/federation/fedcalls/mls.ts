import { getGroupInfo } from '#contract/client/mls-conversations.ts';
import { mlsConversationRows } from './mls-conversation-rows.ts';
import { mlsMemberRows } from './mls-member-rows.ts';
import { mlsMessageRows } from './mls-message-rows.ts';
import { open, type Rig, script } from './mls-rig.ts';
import { ask, type Subject } from './play.ts';
import { place } from './proteus-rig.ts';

/** The rows of MLS groups. */
export const mls: Subject<Rig> = {
  name: 'mls',
  rows: [...mlsConversationRows, ...mlsMessageRows, ...mlsMemberRows],
  open,
  script,
  // A new session tells that B, as it is now, takes no bundles of notifications.
  reach: ({ alice, theirs }) => ask(alice.user, getGroupInfo, place(theirs)),
};
