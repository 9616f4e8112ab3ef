import type { Relation, UserConnection } from '#contract/client/connections.ts';
import type { BackendDomain, ConversationId, Qualified, UserId } from '#contract/ids.ts';
import type { ConnectionRow, Reader, Work } from '#storage';

/** Rows of connections: one for each own user of a pair. */

/** One own user's side of a connection. */
export interface Connection {
  readonly user: UserId;
  readonly other: Qualified<UserId>;
  readonly status: Relation;
  /** What `missing-legalhold-consent` has taken the place of. */
  readonly suspendedStatus: Relation | undefined;
  readonly conversation: Qualified<ConversationId>;
  readonly updatedAt: number;
  /** Counts what the own user did. */
  readonly revision: number;
  /** Counts what was heard of a user of another backend, also what changed nothing. */
  readonly heard: number;
}

/** Where a page of connections begins: after this user. Own users come first. */
export interface PageStart {
  /** Empty for this backend. */
  readonly domain: string;
  readonly id: string;
}

export interface ConnectionPage {
  readonly connections: readonly Connection[];
  readonly hasMore: boolean;
}

/** A relation without the rest of its row. */
export interface RelationTo {
  readonly from: UserId;
  readonly to: Qualified<UserId>;
  readonly status: Relation;
}

export type ConnectionStore = ReturnType<typeof createConnectionStore>;

/** Ids in one `in (…)`: above it, both databases get slower per id, and SQLite comes near its limit of variables. */
const idsPerQuery = 500;

export function createConnectionStore(ownDomain: BackendDomain) {
  /** The empty domain is this backend's. */
  const columnOf = (domain: BackendDomain): string => (domain === ownDomain ? '' : domain);

  function fromRow(row: ConnectionRow): Connection {
    const domain = row.other_domain === '' ? ownDomain : (row.other_domain as BackendDomain);
    return {
      user: row.user_id as UserId,
      other: { domain, id: row.other_id as UserId },
      status: row.status as Relation,
      suspendedStatus: (row.suspended_status ?? undefined) as Relation | undefined,
      conversation: {
        domain: row.conversation_domain as BackendDomain,
        id: row.conversation_id as ConversationId,
      },
      updatedAt: row.updated_at,
      revision: row.revision,
      heard: row.heard,
    };
  }

  function toRow(connection: Connection): ConnectionRow {
    return {
      user_id: connection.user,
      other_domain: columnOf(connection.other.domain),
      other_id: connection.other.id,
      status: connection.status,
      suspended_status: connection.suspendedStatus ?? null,
      conversation_domain: connection.conversation.domain,
      conversation_id: connection.conversation.id,
      updated_at: connection.updatedAt,
      revision: connection.revision,
      heard: connection.heard,
    };
  }

  return {
    async find(reader: Reader, user: UserId, other: Qualified<UserId>): Promise<Connection | undefined> {
      const row = await reader
        .selectFrom('connection')
        .selectAll()
        .where('user_id', '=', user)
        .where('other_domain', '=', columnOf(other.domain))
        .where('other_id', '=', other.id)
        .executeTakeFirst();
      return row && fromRow(row);
    },

    async put(work: Work, connection: Connection): Promise<void> {
      const row = toRow(connection);
      const { user_id: _, other_domain: __, other_id: ___, ...changed } = row;
      await work.db
        .insertInto('connection')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['user_id', 'other_domain', 'other_id']).doUpdateSet(changed),
        )
        .execute();
    },

    /** Own users first, then by domain and id. One row more than asked for tells whether there is a next page. */
    async list(
      reader: Reader,
      user: UserId,
      size: number,
      after: PageStart | undefined,
      own: 'own' | 'all',
    ): Promise<ConnectionPage> {
      let query = reader.selectFrom('connection').selectAll().where('user_id', '=', user);
      if (own === 'own') query = query.where('other_domain', '=', '');
      if (after !== undefined) {
        const { domain, id } = after;
        query = query.where((row) =>
          row.or([
            row('other_domain', '>', domain),
            row.and([row('other_domain', '=', domain), row('other_id', '>', id)]),
          ]),
        );
      }
      const rows = await query
        .orderBy('other_domain')
        .orderBy('other_id')
        .limit(size + 1)
        .execute();
      return { connections: rows.slice(0, size).map(fromRow), hasMore: rows.length > size };
    },

    /** How many connections the user wants: those that its limit is about. */
    async countWanted(reader: Reader, user: UserId): Promise<number> {
      const { count } = await reader
        .selectFrom('connection')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('user_id', '=', user)
        .where('status', 'in', ['accepted', 'sent'])
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    /** The own users whose connection with the user is accepted. */
    async listContacts(reader: Reader, user: UserId): Promise<readonly UserId[]> {
      const rows = await reader
        .selectFrom('connection')
        .select('other_id')
        .where('user_id', '=', user)
        .where('status', '=', 'accepted')
        .where('other_domain', '=', '')
        .execute();
      return rows.map((row) => row.other_id as UserId);
    },

    /** How users stand to others: to all of them, or to those given. */
    async listRelations(
      reader: Reader,
      from: readonly UserId[],
      to: readonly Qualified<UserId>[] | undefined,
    ): Promise<readonly RelationTo[]> {
      const found: RelationTo[] = [];
      const wanted = to && new Set(to.map(({ domain, id }) => `${columnOf(domain)} ${id}`));
      for (const users of chunksOf([...new Set(from)], idsPerQuery)) {
        for (const others of to === undefined ? [undefined] : chunksOf(idsOf(to), idsPerQuery)) {
          let query = reader.selectFrom('connection').selectAll().where('user_id', 'in', users);
          if (others !== undefined) query = query.where('other_id', 'in', others);
          for (const row of await query.execute()) {
            if (wanted !== undefined && !wanted.has(`${row.other_domain} ${row.other_id}`)) continue;
            const { user, other, status } = fromRow(row);
            found.push({ from: user, to: other, status });
          }
        }
      }
      return found;
    },

    /** Those of the own users whose row for this user of another backend is accepted; all of their rows go. */
    async removeRemoteUser(
      work: Work,
      gone: Qualified<UserId>,
      users: readonly UserId[],
    ): Promise<readonly UserId[]> {
      const accepted: UserId[] = [];
      for (const some of chunksOf([...new Set(users)], idsPerQuery)) {
        const removed = await work.db
          .deleteFrom('connection')
          .where('user_id', 'in', some)
          .where('other_domain', '=', columnOf(gone.domain))
          .where('other_id', '=', gone.id)
          .returning(['user_id', 'status'])
          .execute();
        for (const row of removed) if (row.status === 'accepted') accepted.push(row.user_id as UserId);
      }
      return accepted;
    },

    /** Takes away the rows of an own user, and those that other own users have for it. */
    async removeOwnUser({ db }: Work, user: UserId): Promise<void> {
      await db
        .deleteFrom('connection')
        .where('user_id', 'in', (select) =>
          select
            .selectFrom('connection as own')
            .select('own.other_id')
            .where('own.user_id', '=', user)
            .where('own.other_domain', '=', ''),
        )
        .where('other_domain', '=', '')
        .where('other_id', '=', user)
        .execute();
      await db.deleteFrom('connection').where('user_id', '=', user).execute();
    },
  };
}

function idsOf(users: readonly Qualified<UserId>[]): readonly UserId[] {
  return [...new Set(users.map(({ id }) => id))];
}

/** Parts of at most `size` items, in order. */
export function chunksOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size));
  return chunks;
}

/** A connection as its own user's clients see it. */
export function toUserConnection(connection: Connection): UserConnection {
  const { user, other, status, conversation, updatedAt } = connection;
  return {
    from: user,
    qualified_to: other,
    to: other.id,
    status,
    last_update: new Date(updatedAt).toISOString(),
    qualified_conversation: conversation,
    conversation: conversation.id,
  };
}
