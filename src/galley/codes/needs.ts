import type { BackendDomain } from '#contract/ids.ts';
import type { Storage } from '#storage';
import type { Conversations } from '../conversations/conversations.ts';
import type { Events, UserLookup } from '../needs.ts';
import type { GalleySettings } from '../settings.ts';
import type { Publish } from '../updates/publish.ts';

/** What codes, and coming in by them, need of the rest. */
export interface CodeNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  readonly conversations: Conversations;
  readonly users: UserLookup;
  readonly events: Events;
  readonly publish: Publish;
  readonly settings: GalleySettings;
  readonly now: () => number;
}
