import { Counter, Gauge, Histogram } from 'prom-client';
import type { BackendDomain } from '#contract/ids.ts';
import { logger } from '#telemetry';
import type { QueueDepth } from './rows/outbox-store.ts';
import type { QueuedRow } from './rows/queued-row.ts';

/** Metrics and events of the outbox. */
export const log = logger('outbox');

const told = new Counter({
  name: 'crosswire_outbox_told_total',
  help: 'Notifications committed for remote backends',
});
const delivered = new Counter({
  name: 'crosswire_outbox_delivered_total',
  help: 'Notifications that remote backends took',
});
const failed = new Counter({
  name: 'crosswire_outbox_failed_total',
  help: 'Attempts to deliver that failed, by label',
  labelNames: ['label'],
});
const dead = new Counter({
  name: 'crosswire_outbox_dead_letters_total',
  help: 'Notifications that were set aside, by label',
  labelNames: ['label'],
});
const bundleRows = new Histogram({
  name: 'crosswire_outbox_bundle_rows',
  help: 'Notifications in a bundle, by direction',
  labelNames: ['direction'],
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
});
const repeated = new Counter({
  name: 'crosswire_outbox_repeats_total',
  help: 'Notifications of remote backends that had been received before',
});

/** wire-server's own names (reference federation-api 6.3). */
const pushed = new Counter({
  name: 'wire_backend_notifications_pushed',
  help: 'Notifications that a remote backend took',
  labelNames: ['targetDomain'],
});
const errors = new Counter({
  name: 'wire_backend_notifications_errors',
  help: 'Attempts to deliver to a remote backend that failed',
  labelNames: ['targetDomain'],
});

/** Labels come from remotes as well; those that are none of this form are counted together. */
function countable(label: string): string {
  return /^[a-z0-9-]{1,60}$/.test(label) ? label : 'other';
}

export function countTold(count: number): void {
  told.inc(count);
}

export function countDelivered(domain: BackendDomain, count: number): void {
  delivered.inc(count);
  pushed.inc({ targetDomain: domain }, count);
}

export function countRepeated(): void {
  repeated.inc();
}

export function observeBundle(direction: 'sent' | 'received', rows: number): void {
  bundleRows.observe({ direction }, rows);
}

export function deliveryFailed(domain: BackendDomain, label: string): void {
  failed.inc({ label: countable(label) });
  errors.inc({ targetDomain: domain });
}

/** A remote takes nothing at present. */
export function remoteWaits(domain: BackendDomain, label: string, reason: string): void {
  log.warn({ domain, label, reason }, 'notifications for a remote wait');
}

export function remoteIsBack(domain: BackendDomain, waitedMs: number): void {
  log.info({ domain, waitedMs: Math.round(waitedMs) }, 'notifications for a remote go on');
}

export function setAside(row: QueuedRow, label: string, reason: string): void {
  dead.inc({ label: countable(label) });
  const { domain, rpc, lane, deliveryId } = row;
  log.warn({ domain, rpc, lane, deliveryId, label, reason }, 'a notification was set aside');
}

/** What the gauges read of an open outbox. */
export interface QueueView {
  depths(): Promise<readonly QueueDepth[]>;
  /** Remotes that take nothing at present. */
  stuck(): readonly { readonly domain: BackendDomain; readonly stuck: boolean }[];
}

const views = new Set<QueueView>();

/** Shows an outbox in the gauges until the function returned is called. */
export function showQueues(view: QueueView): () => void {
  views.add(view);
  return () => {
    views.delete(view);
  };
}

async function allDepths(): Promise<readonly QueueDepth[]> {
  return (await Promise.all([...views].map((view) => view.depths()))).flat();
}

new Gauge({
  name: 'crosswire_outbox_depth',
  help: 'Notifications that wait for a remote backend',
  labelNames: ['domain'],
  async collect() {
    const depths = await allDepths();
    this.reset();
    for (const { domain, depth } of depths) this.set({ domain }, depth);
  },
});

new Gauge({
  name: 'crosswire_outbox_oldest_seconds',
  help: 'Age of the oldest notification that waits for a remote backend',
  labelNames: ['domain'],
  async collect() {
    const depths = await allDepths();
    this.reset();
    for (const { domain, oldestAt } of depths) this.set({ domain }, (Date.now() - oldestAt) / 1000);
  },
});

new Gauge({
  name: 'wire_backend_notifications_stuck_queues',
  help: '1 for a remote backend that takes nothing at present',
  labelNames: ['targetDomain'],
  collect() {
    this.reset();
    for (const view of views)
      for (const { domain, stuck } of view.stuck()) this.set({ targetDomain: domain }, stuck ? 1 : 0);
  },
});
