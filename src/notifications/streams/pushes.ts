import type { Push, Recipient } from '#contract/events/push.ts';
import type { NotificationPayloadRow, NotificationRow, Work } from '#storage';
import type { Delivery } from '../delivery.ts';
import { type EventJson, encodeEvent } from './event-json.ts';
import type { RowInserts } from './insert-rows.ts';
import type { NotificationIds } from './notification-id.ts';
import { clientsText } from './stream-store.ts';
import type { Ticks } from './ticks.ts';

export interface PushesNeeds {
  readonly ids: NotificationIds;
  readonly ticks: Ticks;
  readonly inserts: RowInserts;
  /** Positions for what is not stored. */
  readonly nextTransientPosition: () => number;
  /** Called after the commit, with all pushes of one unit of work in order. */
  deliver(deliveries: readonly Delivery[]): void;
}

/** Writes pushes into streams. */
export interface Pushes {
  /** Rows of all pushes of a unit of work are written together, as its last change. */
  push(work: Work, pushes: readonly Push[]): void;
  /** Runs after the commit, behind the delivery of everything that the unit of work pushes. */
  afterDelivery(work: Work, effect: () => void): void;
}

interface Collected {
  readonly push: Push;
  readonly event: EventJson;
  readonly recipients: readonly Recipient[];
}

interface Batch {
  readonly collected: Collected[];
  readonly effects: (() => void)[];
}

export function createPushes(needs: PushesNeeds): Pushes {
  const batches = new WeakMap<Work, Batch>();
  const batchOf = (work: Work): Batch => {
    const known = batches.get(work);
    if (known !== undefined) return known;
    const made: Batch = { collected: [], effects: [] };
    batches.set(work, made);
    work.beforeCommit(() => write(needs, work, made));
    return made;
  };
  return {
    push(work, pushes) {
      for (const push of pushes) {
        const recipients = eachOnce(push.recipients);
        if (recipients.length === 0) continue;
        batchOf(work).collected.push({ push, event: encodeEvent(push.event), recipients });
      }
    },
    afterDelivery(work, effect) {
      batchOf(work).effects.push(effect);
    },
  };
}

/** Joins what is said of one user: everybody includes the named ones. Who names no client at all is nobody. */
function eachOnce(recipients: readonly Recipient[]): readonly Recipient[] {
  const named = recipients.filter(({ clients }) => clients === undefined || clients.length > 0);
  if (named.length < 2) return named;
  const byUser = new Map<string, Recipient>();
  for (const recipient of named) {
    const known = byUser.get(recipient.user);
    byUser.set(recipient.user, known === undefined ? recipient : joined(known, recipient));
  }
  return [...byUser.values()];
}

function joined({ user, clients }: Recipient, other: Recipient): Recipient {
  if (clients === undefined || other.clients === undefined) return { user };
  return { user, clients: [...new Set([...clients, ...other.clients])] };
}

async function write(needs: PushesNeeds, work: Work, { collected, effects }: Batch): Promise<void> {
  const stored = collected.filter(({ push }) => push.transient !== true);
  const users = stored.flatMap(({ recipients }) => recipients.map(({ user }) => user));
  let position = stored.length === 0 ? 0 : await needs.ticks.take(work, users, stored.length);
  const rows: NotificationRow[] = [];
  const payloads: NotificationPayloadRow[] = [];
  const deliveries = collected.map((item): Delivery => {
    if (item.push.transient === true)
      return toDelivery(item, needs.ids.transientId(needs.nextTransientPosition()));
    addRows(item, position, rows, payloads);
    const delivery = toDelivery(item, needs.ids.idOf(position));
    position += 1;
    return delivery;
  });
  if (payloads.length > 0) await needs.inserts.payloads(work, payloads);
  if (rows.length > 0) await needs.inserts.notifications(work, rows);
  work.onCommit(() => {
    needs.deliver(deliveries);
    for (const effect of effects) effect();
  });
}

function addRows(
  { push, event, recipients }: Collected,
  position: number,
  rows: NotificationRow[],
  payloads: NotificationPayloadRow[],
): void {
  const isShared = recipients.length > 1;
  if (isShared) payloads.push({ position, payload: event });
  for (const { user, clients } of recipients) {
    rows.push({
      user_id: user,
      position,
      clients: clientsText(clients),
      origin: push.origin?.user === user ? push.origin.connectionId : null,
      payload: isShared ? null : event,
    });
  }
}

function toDelivery({ push, event, recipients }: Collected, id: string): Delivery {
  return {
    id,
    event,
    transient: push.transient === true,
    recipients,
    origin: push.origin,
    route: push.route ?? 'any',
    priority: push.priority ?? 'high',
  };
}
