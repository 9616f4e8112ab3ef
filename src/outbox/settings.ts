import { maxBundleRows } from '#contract/federation/outbox.ts';
import { defaultPaces, type Paces } from './delivery/retry.ts';
import { defaultWindowLimits, type WindowLimits } from './lanes/lane-window.ts';

const dayMs = 86_400_000;

/** How the outbox behaves. Times in milliseconds. */
export interface OutboxSettings {
  /** How long a notification is tried; then it is set aside as `expired`. */
  readonly retentionMs: number;
  /** How long a received notification is remembered; longer than any sender tries. */
  readonly inboxMs: number;
  /** Whether to use bundles with remotes that take them. */
  readonly bundles: boolean;
  /** Most rows, and characters of input, in a bundle. A larger row travels alone. */
  readonly bundleRows: number;
  readonly bundleCharacters: number;
  /** Bundles that are on their way to one remote at once; few, so that they are full under load. */
  readonly concurrentBundles: number;
  /** Single notifications, of as many lanes, that are on their way to one remote at once. */
  readonly concurrentRows: number;
  /** The same for lanes that are kept out of bundles. */
  readonly concurrentAlone: number;
  /** When a received bundle is answered, whatever of it has not ended. */
  readonly bundleAnswerMs: number;
  /** How long deliveries under way may take when the outbox closes. */
  readonly closeGraceMs: number;
  readonly paces: Paces;
  readonly window: WindowLimits;
  /** PostgreSQL: how long a replica owns a remote without renewing, and how often it looks for what others wrote. */
  readonly leaseMs: number;
  readonly pollMs: number;
  /** Between two looks for what is too old, and how many rows of it are handled in one unit of work. */
  readonly cleanEveryMs: number;
  readonly cleanRows: number;
}

export const defaultOutboxSettings: OutboxSettings = {
  retentionMs: 30 * dayMs,
  inboxMs: 40 * dayMs,
  bundles: true,
  bundleRows: maxBundleRows,
  bundleCharacters: 512 * 1024,
  concurrentBundles: 4,
  concurrentRows: 64,
  concurrentAlone: 8,
  bundleAnswerMs: 2_000,
  closeGraceMs: 5_000,
  paces: defaultPaces,
  window: defaultWindowLimits,
  leaseMs: 15_000,
  pollMs: 250,
  cleanEveryMs: 60_000,
  cleanRows: 500,
};
