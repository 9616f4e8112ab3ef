import type { ClientEvent } from '#contract/events/push.ts';
import type { Qualified, UserId } from '#contract/ids.ts';

/** `user.delete` (reference events 3). */
export interface UserDeletedEvent extends ClientEvent {
  readonly type: 'user.delete';
  readonly id: UserId;
  readonly qualified_id: Qualified<UserId>;
}

export function userDeletedEvent(user: Qualified<UserId>): UserDeletedEvent {
  return { type: 'user.delete', id: user.id, qualified_id: user };
}
