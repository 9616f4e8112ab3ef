import assert from 'node:assert/strict';
import { it } from 'node:test';
import { sql } from 'kysely';
import { hotQuery, isUniqueViolation, openStorage, type Reader, type Storage, type Work } from '#storage';

export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** URL of a database that is empty. */
  freshUrl(): Promise<string>;
}

/** A row to write: a reserved handle, with a number beside it. */
export function reserve(work: Work, handle: string, until = 1): Promise<unknown> {
  return work.db.insertInto('handle_reservation').values({ handle, user_id: 'u', until }).execute();
}

/** All reserved handles, in order. */
export async function reserved(reader: Reader): Promise<readonly string[]> {
  const rows = await reader.selectFrom('handle_reservation').select('handle').orderBy('handle').execute();
  return rows.map((row) => row.handle);
}

async function increment(work: Work): Promise<void> {
  const { until } = await work.db
    .selectFrom('handle_reservation')
    .select('until')
    .where('handle', '=', 'counter')
    .executeTakeFirstOrThrow();
  await work.db
    .updateTable('handle_reservation')
    .set({ until: until + 1 })
    .where('handle', '=', 'counter')
    .execute();
}

/** What a unit of work promises. */
export function storageSuite(dialect: Dialect): void {
  const open = async (): Promise<Storage> => openStorage({ url: await dialect.freshUrl() });

  it('shows a reader nothing of a unit of work before its commit, and all of it after', async () => {
    await using storage = await open();
    const seen = await storage.work(async (work) => {
      await reserve(work, 'bob');
      return { outside: await reserved(storage.reader), inside: await reserved(work.reader) };
    });
    assert.deepEqual(seen, { outside: [], inside: ['bob'] });
    assert.deepEqual(await reserved(storage.reader), ['bob']);
  });

  it('rolls back alone the unit of work that throws among those begun together', async () => {
    await using storage = await open();
    const results = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((handle) =>
        storage.work(async (work) => {
          await reserve(work, handle);
          if (handle === 'b') throw new Error('no b');
          return handle;
        }),
      ),
    );
    assert.deepEqual(
      results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.message)),
      ['a', 'no b', 'c', 'd'],
    );
    assert.deepEqual(await reserved(storage.reader), ['a', 'c', 'd']);
  });

  it('runs the effects of a commit in order, before the caller goes on', async () => {
    await using storage = await open();
    const order: string[] = [];
    await storage.work(async (work) => {
      work.onCommit(() => order.push('first'));
      await reserve(work, 'a');
      work.onCommit(() => order.push('second'));
      order.push('change');
    });
    order.push('caller');
    assert.deepEqual(order, ['change', 'first', 'second', 'caller']);
  });

  it('makes the last changes after all others, in order, in the same transaction', async () => {
    await using storage = await open();
    const order: string[] = [];
    await storage.work(async (work) => {
      work.beforeCommit(async () => {
        order.push('last');
        await reserve(work, 'b');
        work.onCommit(() => order.push('effect'));
      });
      work.beforeCommit(async () => {
        order.push('very last');
      });
      await reserve(work, 'a');
      order.push('change');
    });
    assert.deepEqual(order, ['change', 'last', 'very last', 'effect']);
    assert.deepEqual(await reserved(storage.reader), ['a', 'b']);
  });

  it('rolls everything back when a last change fails', async () => {
    await using storage = await open();
    const failing = storage.work(async (work) => {
      work.beforeCommit(() => Promise.reject(new Error('not this')));
      await reserve(work, 'a');
    });
    await assert.rejects(failing, /not this/);
    assert.deepEqual(await reserved(storage.reader), []);
  });

  it('never runs an effect after a rollback', async () => {
    await using storage = await open();
    const effects: string[] = [];
    const failing = storage.work(async (work) => {
      work.onCommit(() => effects.push('ran'));
      await reserve(work, 'a');
      throw new Error('rolled back');
    });
    await assert.rejects(failing, /rolled back/);
    assert.deepEqual(effects, []);
  });

  it('runs the other effects when one throws, and tells the caller', async () => {
    await using storage = await open();
    const effects: string[] = [];
    await assert.rejects(
      storage.work(async (unit) => {
        unit.onCommit(() => {
          throw new Error('bad effect');
        });
        unit.onCommit(() => effects.push('ran'));
        await reserve(unit, 'a');
      }),
      (error: Error) => /committed/.test(error.message) && /bad effect/.test(String(error.cause)),
    );
    assert.deepEqual(effects, ['ran']);
    assert.deepEqual(await reserved(storage.reader), ['a']);
  });

  it('refuses a query or effect after the end of its unit of work', async () => {
    await using storage = await open();
    const escaped = await storage.work(async (work) => work);
    await assert.rejects(reserve(escaped, 'late'), /has ended/);
    assert.throws(() => escaped.onCommit(() => undefined), /has ended/);
    assert.deepEqual(await reserved(storage.reader), []);
  });

  it('either commits a query that was not waited for or rolls back the whole unit of work', async () => {
    await using storage = await open();
    let forgotten: Promise<unknown> | undefined;
    const outcome = await storage
      .work(async (work) => {
        forgotten = Promise.allSettled([reserve(work, 'forgotten')]);
        await Promise.resolve();
      })
      .then(
        () => 'committed',
        (error: Error) => error.message,
      );
    await forgotten;
    const kept = await reserved(storage.reader);
    if (outcome === 'committed') assert.deepEqual(kept, ['forgotten']);
    else assert.deepEqual([/await missing/.test(outcome), kept], [true, []]);
  });

  it('rolls back a unit of work in which a query failed, even when it caught the error', async () => {
    await using storage = await open();
    await storage.work((work) => reserve(work, 'taken'));
    await assert.rejects(
      storage.work(async (work) => {
        await reserve(work, 'mine');
        await Promise.allSettled([reserve(work, 'taken')]);
      }),
      (error: Error) => /only be rolled back/.test(error.message) && isUniqueViolation(error.cause),
    );
    assert.deepEqual(await reserved(storage.reader), ['taken']);
  });

  it('recognises a unique violation, and no other error', async () => {
    await using storage = await open();
    await storage.work((work) => reserve(work, 'taken'));
    const outcome = (change: (work: Work) => Promise<unknown>): Promise<boolean> =>
      storage.work(change).then(
        () => false,
        (error) => isUniqueViolation(error),
      );
    assert.equal(await outcome((work) => reserve(work, 'taken')), true);
    assert.equal(await outcome((work) => sql`select * from no_such_table`.execute(work.db)), false);
  });

  it('loses no update when 100 units of work read and change one row', async () => {
    await using storage = await open();
    await storage.work((work) => reserve(work, 'counter', 0));
    let effects = 0;
    const one = (): Promise<void> =>
      storage.work(async (work) => {
        await increment(work);
        work.onCommit(() => {
          effects += 1;
        });
      });
    await Promise.all(Array.from({ length: 100 }, one));
    const row = await storage.reader
      .selectFrom('handle_reservation')
      .select('until')
      .executeTakeFirstOrThrow();
    assert.deepEqual({ ...row, effects }, { until: 100, effects: 100 });
  });

  it('gives times and counts as numbers', async () => {
    await using storage = await open();
    await storage.work((work) => reserve(work, 'a', Date.UTC(2100, 0)));
    const row = await storage.reader
      .selectFrom('handle_reservation')
      .select(['until', (eb) => eb.fn.countAll().over().as('count')])
      .executeTakeFirstOrThrow();
    assert.deepEqual(row, { until: Date.UTC(2100, 0), count: 1 });
  });

  it('finds the terms with a prefix by range, in code unit order, with the index', async () => {
    await using storage = await open();
    const terms = ['bo', 'bob', 'bob-2', 'bobby', 'bö', 'Bob', 'boc', 'c'];
    const fillers = Array.from({ length: 3_000 }, (_, index) => `x${index}`);
    const rows = [...terms, ...fillers].map((term) => ({ term, user_id: 'u' }));
    await storage.work((work) => work.db.insertInto('search_term').values(rows).execute());
    const query = storage.reader
      .selectFrom('search_term')
      .select('term')
      .where('term', '>=', 'bob')
      .where('term', '<', 'boc')
      .orderBy('term');
    const found = await query.execute();
    assert.deepEqual(
      found.map((row) => row.term),
      ['bob', 'bob-2', 'bobby'],
    );
    const plan = await storage.work(async (work) => {
      const { sql: text, parameters } = query.compile();
      await sql`analyze search_term`.execute(work.db);
      const explain = dialect.name === 'sqlite' ? 'explain query plan ' : 'explain ';
      const literal = parameters.reduce<string>(
        (made, value) => made.replace(/\$\d|\?/, `'${String(value)}'`),
        text,
      );
      return sql.raw(explain + literal).execute(work.db);
    });
    assert.match(JSON.stringify(plan.rows), /SEARCH search_term USING PRIMARY KEY|Index Only Scan/);
  });

  it('compiles a hot query once and binds it anew each time, in and outside a unit of work', async () => {
    await using storage = await open();
    let built = 0;
    const findBetween = hotQuery((reader: Reader, from: number, user: string, to: number) => {
      built += 1;
      return reader
        .selectFrom('handle_reservation')
        .select('handle')
        .where('until', '<', to)
        .where('until', '>=', from)
        .where('user_id', '=', user)
        .where('handle', '<>', 'never')
        .orderBy('until');
    });
    const found = await storage.work(async (work) => {
      for (const until of [1, 2, 3, 4]) await reserve(work, `h${until}`, until);
      return findBetween(work.reader, 2, 'u', 4);
    });
    assert.deepEqual(found, [{ handle: 'h2' }, { handle: 'h3' }]);
    assert.deepEqual(await findBetween(storage.reader, 4, 'u', 9), [{ handle: 'h4' }]);
    assert.deepEqual(await findBetween(storage.reader, 1, 'nobody', 9), []);
    assert.equal(built, 1);
  });

  it('refuses transactions on a reader', async () => {
    await using storage = await open();
    const transaction = storage.reader.transaction().execute(async () => undefined);
    await assert.rejects(transaction, /storage\.work/);
  });

  it('finishes what was given to it before it closes, and refuses what comes after', async () => {
    const url = await dialect.freshUrl();
    const storage = await openStorage({ url });
    const given = storage.work((work) => reserve(work, 'a'));
    const closed = storage[Symbol.asyncDispose]();
    await assert.rejects(
      storage.work((work) => reserve(work, 'b')),
      { key: 'storage-unavailable' },
    );
    await Promise.all([given, closed]);
    await using again = await openStorage({ url });
    assert.deepEqual(await reserved(again.reader), ['a']);
  });
}
