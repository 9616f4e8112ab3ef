/**
 * Storage: one database behind one set of queries, SQLite or PostgreSQL.
 *
 * A part reads through a `Reader` and changes things only inside a unit of work (`storage.work`). Everything that one
 * request changes commits in one transaction; the promise of `work` resolves after the commit is durable. No network
 * call happens inside it. On SQLite, units of work that are ready together share one commit.
 *
 * This part knows how rows are kept, never what they mean. Start reading at `work.ts`, then `sqlite/`.
 */

export { hotQuery } from './hot-query.ts';
export { createOnce, readIfThere } from './kept-files.ts';
export { watchMigrations } from './migrations/watch.ts';
export { openStorage } from './open.ts';
export { makePrivateFolder } from './private-folder.ts';
export { type Reader, type Storage, StorageOpenError, type StorageOptions, type Work } from './storage.ts';
export type * from './tables.ts';
export { isUniqueViolation } from './unique-violation.ts';
