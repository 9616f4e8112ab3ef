import { CompiledQuery } from 'kysely';
import type { NotificationPayloadRow, NotificationRow, Storage, Work } from '#storage';

/**
 * Inserts of many rows by hand-written text: to build them as Kysely's nodes costs more than to run them.
 */
export interface RowInserts {
  notifications(work: Work, rows: readonly NotificationRow[]): Promise<void>;
  payloads(work: Work, rows: readonly NotificationPayloadRow[]): Promise<void>;
}

/**
 * Rows in one statement. PostgreSQL: as many as there are, since each statement is a round trip, up to its limit of
 * 65,535 parameters. SQLite: one of three sizes, so that the statements stay prepared; there a statement is a call.
 */
const chunkSizes = { sqlite: [64, 8, 1], postgres: [8_000] } as const;

export function createRowInserts(dialect: Storage['dialect']): RowInserts {
  const notification = ['user_id', 'position', 'clients', 'origin', 'payload'] as const;
  const payload = ['position', 'payload'] as const;
  return {
    notifications: createInsert<NotificationRow>(dialect, 'notification', notification),
    payloads: createInsert<NotificationPayloadRow>(dialect, 'notification_payload', payload),
  };
}

function createInsert<R extends object>(
  dialect: Storage['dialect'],
  table: string,
  columns: readonly (keyof R & string)[],
): (work: Work, rows: readonly R[]) => Promise<void> {
  const texts = new Map<number, string>();
  const sizes = chunkSizes[dialect];
  const textFor = (count: number): string => {
    const text = texts.get(count) ?? insertText(dialect, table, columns, count);
    if (dialect === 'sqlite') texts.set(count, text);
    return text;
  };
  return async (work, rows) => {
    let at = 0;
    while (at < rows.length) {
      const left = rows.length - at;
      const count = sizes.find((size) => size <= left) ?? left;
      const parameters = rows.slice(at, at + count).flatMap((row) => columns.map((column) => row[column]));
      await work.db.executeQuery(CompiledQuery.raw(textFor(count), parameters));
      at += count;
    }
  };
}

function insertText(
  dialect: Storage['dialect'],
  table: string,
  columns: readonly string[],
  count: number,
): string {
  const mark = dialect === 'sqlite' ? () => '?' : (position: number) => `$${position + 1}`;
  const tuple = (row: number) =>
    `(${columns.map((_, column) => mark(row * columns.length + column)).join(',')})`;
  const tuples = Array.from({ length: count }, (_, row) => tuple(row));
  return `insert into ${table} (${columns.join(',')}) values ${tuples.join(',')}`;
}
