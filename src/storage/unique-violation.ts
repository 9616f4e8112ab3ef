import { isPostgresUniqueViolation } from './postgres/errors.ts';
import { isSqliteUniqueViolation } from './sqlite/errors.ts';

/**
 * Whether the error of a query, or of the `work` around it, says that a unique index or primary key refused a row.
 * The unit of work cannot go on after it: catch it around `work`, or use `onConflict` to avoid it.
 */
export function isUniqueViolation(error: unknown): boolean {
  return isSqliteUniqueViolation(error) || isPostgresUniqueViolation(error);
}
