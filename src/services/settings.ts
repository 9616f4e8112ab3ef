export interface ServicesSettings {
  /** The wait after a first failure to deliver to a bot; doubled each time, up to the longest. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
  /** How often bots are looked for that something waits for, which nobody has told of. */
  readonly lookEveryMs: number;
  /** How long a process that died keeps others from delivering in its place. */
  readonly leaseMs: number;
  /** Bots that are delivered to at once. */
  readonly botsAtOnce: number;
  readonly activationSeconds: number;
  readonly passwordResetSeconds: number;
  /** How soon another code may be asked for. */
  readonly codeDelaySeconds: number;
}

export const defaultSettings: ServicesSettings = {
  retryMs: 500,
  longestRetryMs: 60_000,
  lookEveryMs: 5_000,
  leaseMs: 15_000,
  botsAtOnce: 64,
  activationSeconds: 86_400,
  passwordResetSeconds: 3600,
  codeDelaySeconds: 300,
};
