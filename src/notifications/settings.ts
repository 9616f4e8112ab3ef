/** What an operator may choose about notifications. */
export interface NotificationSettings {
  /** How long a stored notification can be fetched. */
  readonly retentionSeconds: number;
  /** Pause between two bites of the clean-up. */
  readonly cleanUpIntervalMs: number;
  /** Bytes that wait for a slow reader before it is cut off. */
  readonly maxBufferedBytes: number;
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
  closeMs: 5_000,
  pushApps: undefined,
};
