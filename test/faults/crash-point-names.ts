/** Moments between which a backend may die: around its commits, its calls of others, and its answers. */
export const crashPoints = [
  'before-commit',
  'after-commit',
  'before-request',
  'after-response',
  'before-respond',
  'after-respond',
  'before-answer',
  'after-answer',
] as const;
export type CrashPoint = (typeof crashPoints)[number];
