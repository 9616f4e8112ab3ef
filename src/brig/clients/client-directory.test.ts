import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserId } from '#contract/ids.ts';
import type { Storage } from '#storage';
import { newUserId, openTestStorage } from '../users/account-fixture.ts';
import { type ClientDirectory, createClientDirectory } from './client-directory.ts';

/** Counts the queries that reach the database. */
function counting(storage: Storage) {
  const counted = { queries: 0 };
  const reader = new Proxy(storage.reader, {
    get(target, name) {
      if (name === 'selectFrom') counted.queries += 1;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { counted, storage: { reader, dialect: storage.dialect } };
}

async function add(storage: Storage, directory: ClientDirectory, userId: UserId, id: string): Promise<void> {
  await storage.work(async (work) => {
    const row = { user_id: userId, id, type: 'permanent', created_at: 0, class: 'phone' };
    const none = { label: null, model: null, cookie: null, last_active: null };
    await work.db
      .insertInto('client')
      .values({ ...row, ...none, capabilities: '[]', mls_public_keys: '{}' })
      .execute();
    directory.changed(work, userId);
  });
}

describe('the directory of clients', () => {
  it('reads each user once and sees every change', async () => {
    await using db = await openTestStorage();
    const { counted, storage } = counting(db.storage);
    const directory = createClientDirectory(storage);
    const [alice, bob] = [newUserId(), newUserId()];
    assert.deepEqual((await directory.clientsOf([alice, bob])).get(alice), []);
    await add(db.storage, directory, alice, 'b');
    await add(db.storage, directory, alice, 'a');
    counted.queries = 0;
    const expected = [
      { id: 'a', class: 'phone' },
      { id: 'b', class: 'phone' },
    ];
    assert.deepEqual((await directory.clientsOf([alice, bob])).get(alice), expected);
    assert.deepEqual((await directory.clientsOf([bob, alice])).get(alice), expected);
    assert.equal(counted.queries, 1);
  });

  it('does not keep what was changed while it was read', async () => {
    await using db = await openTestStorage();
    const directory = createClientDirectory(db.storage);
    const alice = newUserId();
    const [, found] = await Promise.all([
      add(db.storage, directory, alice, 'a'),
      directory.clientsOf([alice]),
      ...Array.from({ length: 20 }, () => directory.clientsOf([alice])),
    ]);
    assert.ok((found.get(alice)?.length ?? 0) <= 1);
    assert.equal((await directory.clientsOf([alice])).get(alice)?.length, 1);
  });

  it('does not forget what a rolled back change would have changed, and keeps no more than it may', async () => {
    await using db = await openTestStorage();
    const { counted, storage } = counting(db.storage);
    const directory = createClientDirectory(storage, 2);
    const users = [newUserId(), newUserId(), newUserId()];
    await directory.clientsOf(users.slice(0, 2));
    const failed = db.storage.work(async (work) => {
      directory.changed(work, users[0] as UserId);
      throw new Error('rolled back');
    });
    await assert.rejects(failed, /rolled back/);
    counted.queries = 0;
    await directory.clientsOf(users.slice(0, 2));
    assert.equal(counted.queries, 0);
    await directory.clientsOf(users.slice(2));
    await directory.clientsOf(users.slice(0, 1));
    assert.equal(counted.queries, 2);
  });
});
