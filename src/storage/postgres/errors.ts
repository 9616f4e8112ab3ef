import pg from 'pg';
import { refuse } from '#contract/refusal.ts';

/** SQLSTATE codes, PostgreSQL manual, appendix A. */
const serializationFailures = new Set(['40001', '40P01']);
const full = new Set(['53100']);
/** Read-only after a fail-over, I/O error, cancelled by a time limit, lock not available, too many connections. */
const unavailable = new Set(['25006', '58030', '57014', '55P03', '53200', '53300', '53400']);
/** Class 08 is connection exceptions; 57P0x the server's shutting down, crashing or starting. */
const connectionLost = /^(08...|57P0.)$/;

function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** Whether running the whole unit of work again may succeed. */
export function isSerializationFailure(error: unknown): boolean {
  const code = sqlState(error);
  return code !== undefined && serializationFailures.has(code);
}

export function isPostgresUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}

/**
 * Whether the session is of no more use. What pg throws without an SQLSTATE comes from the network or from its own
 * time limit, except for values that it cannot encode.
 */
export function isSessionLost(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== undefined) return connectionLost.test(code);
  return error instanceof Error && !(error instanceof TypeError) && !(error instanceof RangeError);
}

/** Turns what the database's surroundings caused into a refusal; other errors stay as they are. */
export function fromPostgres(error: unknown): unknown {
  const code = sqlState(error);
  if (code !== undefined && full.has(code)) return refuse('storage-full', { cause: error });
  if (isSessionLost(error) || (code !== undefined && unavailable.has(code))) return unreachable(error);
  return error;
}

/** @param cause an error of the network or the server: its code is told, never the URL. */
export function unreachable(cause: unknown): Error {
  return refuse('storage-unavailable', {
    message: `The storage cannot be reached (${reasonOf(cause)}); try again`,
    cause,
  });
}

function reasonOf(cause: unknown): string {
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : String(cause);
}
