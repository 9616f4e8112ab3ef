import { conversationRows } from './conversation-rows.ts';
import { memberRows } from './member-rows.ts';
import { messageRows } from './message-rows.ts';
import type { Subject } from './play.ts';
import { propertyRows } from './property-rows.ts';
import { open, type Rig, script } from './proteus-rig.ts';

/** The rows of Proteus conversations and messages. */
export const proteus: Subject<Rig> = {
  name: 'proteus',
  rows: [...conversationRows, ...memberRows, ...propertyRows, ...messageRows],
  open,
  script,
};
