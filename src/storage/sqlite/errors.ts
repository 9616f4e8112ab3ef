import { refuse } from '#contract/refusal.ts';

/** Primary result codes (sqlite.org/rescode.html) after which the same request may succeed later. */
const unavailable = new Map([
  [5, 'busy'],
  [6, 'locked'],
  [8, 'read-only'],
  [10, 'I/O error'],
  [14, 'cannot open'],
  [15, 'locking protocol'],
]);
const full = 13;
const uniqueViolations = new Set([1555, 2067, 2579]);

/** The extended result code of an error of node:sqlite. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}

/** Whether another process holds the lock that was asked for. */
export function isLocked(error: unknown): boolean {
  const primary = (resultCode(error) ?? 0) & 0xff;
  return primary === 5 || primary === 6;
}

/** Whether a unique index or primary key refused the row. */
export function isSqliteUniqueViolation(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && uniqueViolations.has(code);
}

/** Turns what the database's surroundings caused into a refusal; other errors stay as they are. */
export function fromSqlite(error: unknown): unknown {
  const code = resultCode(error);
  if (code === undefined) return error;
  const primary = code & 0xff;
  if (primary === full) return refuse('storage-full', { cause: error });
  const reason = unavailable.get(primary);
  if (reason === undefined) return error;
  return refuse('storage-unavailable', {
    message: `The storage cannot be reached (${reason}); try again`,
    cause: error,
  });
}
