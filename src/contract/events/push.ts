import type { ClientId, UserId } from '../ids.ts';

/** One event for clients, as its JSON goes into a notification's `payload`. */
export interface ClientEvent {
  readonly type: string;
}

/** Who gets a push: all clients of a user, or only the named ones. */
export interface Recipient {
  readonly user: UserId;
  /** Absent: every client, also those that are registered later. */
  readonly clients?: readonly ClientId[];
}

/** One notification for local users, with the delivery attributes of the reference (events, section 1). */
export interface Push {
  readonly recipients: readonly Recipient[];
  readonly event: ClientEvent;
  /** The session that caused the event: its socket is skipped, the stored notification is not. */
  readonly origin?: { readonly user: UserId; readonly connectionId: string };
  /** Only for open sockets, never stored. */
  readonly transient?: boolean;
  /** `direct` events cause no native push. */
  readonly route?: 'any' | 'direct';
  readonly priority?: 'low' | 'high';
}
