import { Counter, Gauge } from 'prom-client';
import { logger } from '#telemetry';

/** What notifications tell operators. Lines name users by id and hold no event. */
export const log = logger('notifications');

export const socketGauge = new Gauge({
  name: 'crosswire_notifications_sockets',
  help: 'Open WebSockets',
});
const pushes = new Counter({
  name: 'crosswire_notifications_pushes_total',
  help: 'Pushes committed, by kind (stored, transient)',
  labelNames: ['kind'] as const,
});
const deliveries = new Counter({
  name: 'crosswire_notifications_live_deliveries_total',
  help: 'Notifications handed to open WebSockets, one for each socket',
});
const closed = new Counter({
  name: 'crosswire_notifications_sockets_closed_total',
  help: 'WebSockets closed by this side, by reason (shutdown, unanswered, expired, slow, removed, misread, unexpected, failed)',
  labelNames: ['reason'] as const,
});
const cleaned = new Counter({
  name: 'crosswire_notifications_rows_cleaned_total',
  help: 'Rows taken out of streams at the end of their retention',
});
const nativePushes = new Counter({
  name: 'crosswire_notifications_native_pushes_total',
  help: 'Hints handed to native push services, by outcome (sent, failed)',
  labelNames: ['outcome'] as const,
});

export type CloseReason =
  | 'shutdown'
  | 'unanswered'
  | 'expired'
  | 'slow'
  | 'removed'
  | 'misread'
  | 'unexpected'
  | 'failed';

export function pushesCommitted(committed: readonly { readonly transient: boolean }[]): void {
  for (const { transient } of committed) pushes.inc({ kind: transient ? 'transient' : 'stored' });
}

export function delivered(sockets: number): void {
  deliveries.inc(sockets);
}

export function socketClosed(reason: CloseReason): void {
  closed.inc({ reason });
}

/** The reader finds in its stream what it missed, so this is no error; many of them are worth a look. */
export function slowReaderCut(user: string, bufferedBytes: number): void {
  closed.inc({ reason: 'slow' });
  log.info({ user, bufferedBytes }, 'slow reader cut off');
}

export function rowsCleaned(count: number): void {
  cleaned.inc(count);
}

/** Tried again with the next bite. */
export function cleanUpFailed(error: unknown): void {
  log.error({ err: error }, 'the clean-up of old notifications failed and will go on later');
}

/** Tried again with the next wake-up or look. */
export function readFailed(error: unknown): void {
  log.error({ err: error }, 'streams of open sockets cannot be read; trying again');
}

/** The client connects again and finds what it has not acknowledged. */
export function consumerFailed(error: unknown): void {
  log.error({ err: error }, 'the queue of a client cannot be delivered; its socket is closed');
}

/** What is not noted as acknowledged is delivered again: twice, but not lost. */
export function progressLost(error: unknown): void {
  log.error({ err: error }, 'acknowledgements cannot be stored; they are noted with the next one');
}

export function nativePushEnded(outcome: 'sent' | 'failed', error?: unknown): void {
  nativePushes.inc({ outcome });
  if (error !== undefined) log.warn({ err: error }, 'native push failed');
}
