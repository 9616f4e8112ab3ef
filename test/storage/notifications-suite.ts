import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Push } from '#contract/events/push.ts';
import type { BackendDomain, ClientId, UserId } from '#contract/ids.ts';
import { type NotificationNeeds, type Notifications, openNotifications } from '#notifications';
import { openStorage, type Storage } from '#storage';
import { createStreamReader } from '../notifications/stream-reader.ts';
import type { Dialect } from './storage-suite.ts';

const domain = 'a.example.com' as BackendDomain;
const alice = '00000000-0000-4000-8000-00000000000a' as UserId;
const bob = '00000000-0000-4000-8000-00000000000b' as UserId;
const phone = 'a1' as ClientId;
const laptop = 'b2' as ClientId;

type Options = Partial<Omit<NotificationNeeds, 'storage' | 'ownDomain'>>;

interface Rig extends AsyncDisposable {
  readonly storage: Storage;
  readonly notifications: Notifications;
  push(...pushes: readonly Push[]): Promise<void>;
}

/** An event that says its number. */
function numbered(n: number, ...recipients: Push['recipients']): Push {
  return { recipients, event: { type: 'test', n } as Push['event'] };
}

/** What streams promise to those who read them, on either database. */
export function notificationsSuite(dialect: Dialect): void {
  const openRig = async (options: Options = {}, url?: string): Promise<Rig> => {
    const stack = new AsyncDisposableStack();
    const storage = stack.use(await openStorage({ url: url ?? (await dialect.freshUrl()), poolSize: 8 }));
    const notifications = stack.use(await openNotifications({ ownDomain: domain, storage, ...options }));
    return {
      storage,
      notifications,
      push: (...pushes) => storage.work((work) => notifications.pushMany(work, pushes)),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  };

  it('keeps what is pushed, oldest first, for the recipients alone', async () => {
    await using rig = await openRig();
    await rig.push(numbered(1, { user: alice }), numbered(2, { user: alice }, { user: bob }));
    await rig.push(numbered(3, { user: bob }));
    const reader = createStreamReader(rig.notifications);
    assert.deepEqual(await reader.numbers(alice), [1, 2]);
    assert.deepEqual(await reader.numbers(bob), [2, 3]);
  });

  it('gives all recipients of a push one id, and every push its own', async () => {
    await using rig = await openRig();
    await rig.push(numbered(1, { user: alice }, { user: bob }), numbered(2, { user: alice }, { user: bob }));
    const reader = createStreamReader(rig.notifications);
    const [ofAlice, ofBob] = [await reader.page(alice), await reader.page(bob)];
    const ids = (page: typeof ofAlice) => page.notifications.map(({ id }) => id);
    assert.deepEqual(ids(ofAlice), ids(ofBob));
    assert.equal(new Set(ids(ofAlice)).size, 2);
  });

  it('rolls a push back with the unit of work that it belongs to', async () => {
    await using rig = await openRig();
    const failing = rig.storage.work(async (work) => {
      await rig.notifications.push(work, numbered(1, { user: alice }));
      throw new Error('rolled back');
    });
    await assert.rejects(failing, /rolled back/);
    await rig.push(numbered(2, { user: alice }));
    assert.deepEqual(await createStreamReader(rig.notifications).numbers(alice), [2]);
  });

  it('shows a client what is for all clients or for itself', async () => {
    await using rig = await openRig();
    await rig.push(
      numbered(1, { user: alice, clients: [phone] }),
      numbered(2, { user: alice }),
      numbered(3, { user: alice, clients: [laptop] }),
      numbered(4, { user: alice, clients: [phone, laptop] }),
      numbered(5, { user: alice, clients: [] }),
    );
    const reader = createStreamReader(rig.notifications);
    assert.deepEqual(await reader.numbers(alice, { client: phone }), [1, 2, 4]);
    assert.deepEqual(await reader.numbers(alice, { client: laptop }), [2, 3, 4]);
    assert.deepEqual(await reader.numbers(alice, { client: 'c' as ClientId }), [2]);
    assert.deepEqual(await reader.numbers(alice), [1, 2, 3, 4]);
  });

  it('takes a recipient who is named twice once', async () => {
    await using rig = await openRig();
    await rig.push(
      numbered(1, { user: alice, clients: [phone] }, { user: alice, clients: [laptop] }, { user: bob }),
      numbered(2, { user: alice, clients: [phone] }, { user: alice }),
    );
    const reader = createStreamReader(rig.notifications);
    assert.deepEqual(await reader.numbers(alice, { client: laptop }), [1, 2]);
    assert.deepEqual(await reader.numbers(alice), [1, 2]);
  });

  it('never stores a transient push', async () => {
    await using rig = await openRig();
    await rig.push({ ...numbered(1, { user: alice }), transient: true }, numbered(2, { user: alice }));
    assert.deepEqual(await createStreamReader(rig.notifications).numbers(alice), [2]);
  });

  it('writes a push to thousands of users, and thousands of pushes, in one unit of work', async () => {
    await using rig = await openRig();
    const users = Array.from({ length: 2500 }, () => crypto.randomUUID() as UserId);
    await rig.push(numbered(1, ...users.map((user) => ({ user }))));
    await rig.push(...users.map((user, index) => numbered(index, { user })));
    const reader = createStreamReader(rig.notifications);
    for (const index of [0, 1, 1250, 2499])
      assert.deepEqual(await reader.numbers(users[index] ?? alice), [1, index]);
  });

  it('gives ids that grow in a stream also when the clock steps back', async () => {
    let now = Date.UTC(2026, 0, 1);
    await using rig = await openRig({ now: () => now });
    for (let n = 1; n <= 5; n += 1) {
      await rig.push(numbered(n, { user: alice }), numbered(n, { user: alice }));
      now -= 60_000;
    }
    now = Date.UTC(2026, 0, 2);
    const { notifications } = await createStreamReader(rig.notifications).page(alice);
    const times = notifications.map(({ id }) => timeOf(id));
    assert.equal(times.length, 10);
    assert.deepEqual(times, [...new Set(times)].sort());
  });

  it('gives ids that go on growing after a restart with a clock that is behind', async () => {
    const url = await dialect.freshUrl();
    const late = Date.UTC(2026, 0, 1);
    const ids: string[] = [];
    for (const now of [late, late - 3_600_000, late - 7_200_000]) {
      await using rig = await openRig({ now: () => now }, url);
      await rig.push(numbered(1, { user: alice }), numbered(2, { user: alice }));
      const last = await createStreamReader(rig.notifications).last(alice);
      ids.push(last.id);
    }
    const times = ids.map(timeOf);
    assert.deepEqual(times, [...new Set(times)].sort());
  });

  it('lets nobody who pages by since miss an event that commits later', async () => {
    await using rig = await openRig();
    const reader = createStreamReader(rig.notifications);
    const writers = 16;
    const each = 40;
    const write = async (writer: number): Promise<void> => {
      for (let n = 0; n < each; n += 1) {
        const others = writer % 2 === 0 ? [] : [{ user: bob }];
        await rig.push(numbered(writer * each + n, { user: alice }, ...others));
      }
    };
    const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
    const seen: number[] = [];
    let since: string | undefined;
    let isOver = false;
    void writing.then(() => {
      isOver = true;
    });
    for (let wasOver = false; !wasOver; ) {
      wasOver = isOver;
      const page = await reader.page(alice, since === undefined ? {} : { since });
      seen.push(...page.notifications.map(({ payload: [event] }) => (event as unknown as { n: number }).n));
      since = page.notifications.at(-1)?.id ?? since;
      // A reader of SQLite that never waits would keep the writers from their turn.
      await nextTurn();
    }
    await writing;
    assert.equal(seen.length, writers * each);
    assert.equal(new Set(seen).size, writers * each);
    for (let writer = 0; writer < writers; writer += 1) {
      const own = seen.filter((n) => Math.floor(n / each) === writer);
      assert.deepEqual(
        own,
        own.toSorted((one, other) => one - other),
        'one after the other',
      );
    }
  });

  it('takes a client or user away with what was theirs', async () => {
    await using rig = await openRig();
    await rig.push(
      numbered(1, { user: alice, clients: [phone] }),
      numbered(2, { user: alice, clients: [laptop] }),
      numbered(3, { user: alice }, { user: bob }),
    );
    const reader = createStreamReader(rig.notifications);
    await rig.storage.work((work) => rig.notifications.removeClient(work, alice, phone));
    assert.deepEqual(await reader.numbers(alice), [2, 3]);
    await rig.storage.work((work) => rig.notifications.removeUser(work, alice));
    assert.deepEqual(await reader.numbers(alice), []);
    assert.deepEqual(await reader.numbers(bob), [3]);
  });
}

/** The time in a version 1 UUID, as text that sorts by it. */
function timeOf(id: string): string {
  const [low, middle, high] = id.split('-');
  assert.match(high ?? '', /^1/);
  return `${high?.slice(1)}${middle}${low}`;
}
