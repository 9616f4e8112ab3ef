import type { Push } from '#contract/events/push.ts';
import type { Storage, Work } from '#storage';
import type { TeamsSettings } from './settings.ts';

/** Puts events into the streams of own users' clients. */
export interface Events {
  push(work: Work, push: Push): Promise<void>;
}

/** What teams needs of others. */
export interface TeamsNeeds {
  readonly storage: Storage;
  readonly events: Events;
  /** What differs from production's defaults. */
  readonly settings?: Partial<TeamsSettings>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}
