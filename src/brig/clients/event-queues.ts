import { consumesNotifications } from '#contract/client/clients.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { ClientRow, Work } from '#storage';
import { capabilitiesOf } from './client-form.ts';

/** Queues of events for clients that acknowledge them. */
export interface EventQueues {
  /** A queue that the client has already goes on. */
  beginQueue(work: Work, userId: UserId, clientId: ClientId): Promise<void>;
  endQueue(work: Work, userId: UserId, clientId: ClientId): Promise<void>;
}

/** Nobody keeps queues. */
export const withoutQueues: EventQueues = { beginQueue: async () => {}, endQueue: async () => {} };

/** Gives a client the queue that it asks for now, or takes the one away that it asked for before. */
export async function followCapabilities(
  work: Work,
  queues: EventQueues,
  client: ClientRow,
  before: ClientRow | undefined,
): Promise<void> {
  const hadQueue = before !== undefined && consumes(before);
  if (consumes(client) === hadQueue) return;
  const change = hadQueue ? queues.endQueue : queues.beginQueue;
  await change(work, client.user_id as UserId, client.id as ClientId);
}

function consumes(client: ClientRow): boolean {
  return capabilitiesOf(client).includes(consumesNotifications);
}
