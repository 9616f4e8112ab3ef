/**
 * Outbox: federated notifications that must arrive.
 *
 * `tell` writes a row for each remote in the unit of work that caused the notification; after the commit it is
 * delivered at least once, in order within its lane, however long the remote is away. `first` is the other end: with it
 * a receiver takes each notification exactly once. It must never know what a notification means.
 *
 * Start reading at `delivery/remote-drainer.ts` (the states of a remote) and `lanes/lane-window.ts` (what of a queue is
 * in memory); `delivery/verdict.ts` says what each failure means, `bundles/` is the receiving side of bundles.
 */
export { type Outbox, type OutboxNeeds, openOutbox } from './outbox.ts';
export type { OutboxSettings } from './settings.ts';
export type { Tell, TellOptions } from './tell.ts';
