import type { ReadonlyKysely } from 'kysely/readonly';
import type { Reader } from '../storage.ts';
import { type MigrationRow, newerBreaking } from './apply.ts';
import { migrations } from './index.ts';

const lookEveryMs = 2_000;

/**
 * Watches for a newer version that changes the tables under this process, as when replicas are replaced one by one.
 * `outdated` is called once, with what to tell the operator; this process must then stop.
 */
export function watchMigrations(
  reader: Reader,
  outdated: (message: string) => void,
  everyMs = lookEveryMs,
): AsyncDisposable {
  const db = reader as unknown as ReadonlyKysely<{ migration: MigrationRow }>;
  let looking: Promise<void> | undefined;
  const look = async () => {
    const breaking = await db.selectFrom('migration').selectAll().where('breaking', '=', 1).execute();
    const message = newerBreaking(breaking, migrations);
    if (message === undefined) return;
    clearInterval(timer);
    outdated(message);
  };
  const timer = setInterval(() => {
    // A database that is away is told of by whoever needs it; the next look asks again.
    looking ??= look()
      .catch(() => undefined)
      .finally(() => {
        looking = undefined;
      });
  }, everyMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await looking;
    },
  };
}
