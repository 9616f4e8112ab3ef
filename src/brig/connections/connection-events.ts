import type { ClientEvent } from '#contract/events/push.ts';
import type { Work } from '#storage';
import { type Connection, toUserConnection } from './connection-store.ts';
import type { Events, Origin } from './needs.ts';

/** `user.connection` (reference events 3). */
interface ConnectionEvent extends ClientEvent {
  readonly type: 'user.connection';
  readonly connection: ReturnType<typeof toUserConnection>;
  readonly user?: { readonly name: string };
}

/**
 * Tells the clients of the connection's own user how it now stands.
 * @param actorName name of the own user on the other side whose doing it was
 */
export async function pushConnection(
  events: Events,
  work: Work,
  connection: Connection,
  origin: Origin,
  actorName?: string,
): Promise<void> {
  const event: ConnectionEvent = {
    type: 'user.connection',
    connection: toUserConnection(connection),
    ...(actorName === undefined ? {} : { user: { name: actorName } }),
  };
  await events.push(work, { recipients: [{ user: connection.user }], event, origin });
}
