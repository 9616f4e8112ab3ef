import { type CreateTableBuilder, type RawBuilder, sql } from 'kysely';

/** The few things that the two databases write differently. */
export interface Forms {
  readonly dialect: 'sqlite' | 'postgres';
  /** Text that compares by code units, so that a range of it is a prefix and an index serves it. */
  readonly orderedText: RawBuilder<unknown>;
  /** Keeps the rows of a table in the order of its primary key, where the database can. */
  clustered<T extends string, C extends string>(table: CreateTableBuilder<T, C>): CreateTableBuilder<T, C>;
}

export const forms: Readonly<Record<'sqlite' | 'postgres', Forms>> = {
  sqlite: {
    dialect: 'sqlite',
    orderedText: sql`text`,
    clustered: (table) => table.modifyEnd(sql`without rowid`),
  },
  postgres: { dialect: 'postgres', orderedText: sql`text collate "C"`, clustered: (table) => table },
};
