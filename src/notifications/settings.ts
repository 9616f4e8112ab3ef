import type { KeepAliveTimes } from './sockets/keep-alive.ts';

/** What an operator may choose about notifications. */
export interface NotificationSettings {
  /** How long a stored notification can be fetched. */
  readonly retentionSeconds: number;
  /** Pause between two bites of the clean-up. */
  readonly cleanUpIntervalMs: number;
  /** Bytes that wait for a slow reader before it is cut off. */
  readonly maxBufferedBytes: number;
  readonly keepAlive: KeepAliveTimes;
  /** PostgreSQL: how often the streams of open sockets are looked at without being told that there is something. */
  readonly lookEveryMs: number;
  /** How long the sockets have to close at the end, before they are dropped. */
  readonly closeMs: number;
  /** Apps that may register for native push; undefined: any. */
  readonly pushApps: readonly string[] | undefined;
}

export const defaultSettings: NotificationSettings = {
  retentionSeconds: 28 * 86_400,
  cleanUpIntervalMs: 10_000,
  // Some thousand events: more than a client on a bad network falls behind for a moment.
  maxBufferedBytes: 1024 * 1024,
  keepAlive: { pingSeconds: 1200, answerSeconds: 10, maxLifeSeconds: 3 * 86_400 },
  lookEveryMs: 15_000,
  closeMs: 5_000,
  pushApps: undefined,
};
