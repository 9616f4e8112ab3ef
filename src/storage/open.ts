import { openPostgres } from './postgres/open.ts';
import { openSqlite } from './sqlite/open.ts';
import type { Storage, StorageOptions } from './storage.ts';

/**
 * Opens the database that the URL names and brings its tables up to date.
 * @throws Error when the URL is of no known kind, when the database was changed by a newer, incompatible version, or
 * (SQLite) when a setting that durability rests on does not hold.
 * @throws Refusal `storage-unavailable` when the database cannot be reached.
 */
export async function openStorage(options: StorageOptions): Promise<Storage> {
  const { url } = options;
  if (url.startsWith('sqlite:') && isFilePath(url.slice('sqlite:'.length)))
    return openSqlite(url.slice('sqlite:'.length), options.lockTimeoutMs);
  if (/^postgres(ql)?:\/\//.test(url)) return openPostgres(options);
  // The URL may hold a password, so no more than its kind is shown.
  const [kind] = url.split(':');
  throw new Error(`storage.url: expected sqlite:PATH or postgres://…, found one that starts with "${kind}:"`);
}

function isFilePath(path: string): boolean {
  return path !== '' && path !== ':memory:';
}
