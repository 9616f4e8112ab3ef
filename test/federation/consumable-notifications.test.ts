import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { NotificationList } from '#contract/client/notifications.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import { type ConsumerOptions, ConsumerSocket } from '../notifications/consumer-socket.ts';
import { eachDatabase } from '../notifications/databases.ts';
import { newUser, numbered, openRig, type Rig, type RigOptions } from '../notifications/rig.ts';

const phone = 'a1' as ClientId;
const laptop = 'b2' as ClientId;

/** Clients that acknowledge what they get (official-client 5), on real sockets. */

eachDatabase('GET /v8/events', (freshUrl) => {
  const open = async (options: RigOptions = {}) => openRig({ url: await freshUrl(), ...options });
  const begin = (rig: Rig, user: UserId, client = phone) =>
    rig.storage.work((work) => rig.notifications.beginQueue(work, user, client));
  const consume = (rig: Rig, user: UserId, options: ConsumerOptions = {}) =>
    ConsumerSocket.open(rig.url, user, { client: phone, ...options });
  const push = (rig: Rig, user: UserId, ...numbers: readonly number[]) =>
    rig.push(...numbers.map((n) => numbered(n, { user })));

  it('delivers what has waited, then the marker of the connection, then what comes', async () => {
    await using rig = await open();
    const alice = newUser();
    await push(rig, alice, 1);
    await begin(rig, alice);
    await push(rig, alice, 2, 3);
    await using socket = await consume(rig, alice, { marker: 'märk 1' });
    await socket.until(({ markers }) => markers.length === 1);
    await push(rig, alice, 4);
    await socket.until(({ numbers }) => numbers.includes(4));
    const told = socket.frames.map((frame) => ('data' in frame ? frame.data.delivery_tag : 0));
    assert.deepEqual(told, [1, 2, 3, 4]);
    assert.deepEqual(socket.frames[2], {
      type: 'synchronization',
      data: { delivery_tag: 3, marker_id: 'märk 1' },
    });
    assert.deepEqual(socket.numbers, [2, 3, 4]);
    const [first] = socket.events;
    assert.match(first?.event.id ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-1/);
    assert.deepEqual(first?.event.payload, [{ type: 'test', n: 2 }]);
  });

  it('sends no marker to those who give none', async () => {
    await using rig = await open();
    const alice = newUser();
    await begin(rig, alice);
    await using socket = await consume(rig, alice);
    await push(rig, alice, 1);
    await socket.until(({ numbers }) => numbers.length === 1);
    assert.deepEqual(socket.markers, []);
  });

  it('gives a client what is for all or for itself, with what it has caused, and nothing twice', async () => {
    await using rig = await open();
    const alice = newUser();
    await begin(rig, alice);
    await using socket = await consume(rig, alice);
    await rig.push(
      { ...numbered(1, { user: alice }), origin: { user: alice, connectionId: '1' } },
      numbered(2, { user: alice, clients: [laptop] }),
      numbered(3, { user: alice, clients: [phone, laptop] }),
      numbered(4, { user: newUser() }),
    );
    await push(rig, alice, 5);
    await socket.until(({ numbers }) => numbers.includes(5));
    assert.deepEqual(socket.numbers, [1, 3, 5]);
  });

  it('delivers again what was not acknowledged, over connections and restarts', async () => {
    const url = await freshUrl();
    const alice = newUser();
    {
      await using rig = await openRig({ url });
      await begin(rig, alice);
      await push(rig, alice, 1, 2, 3, 4);
      await using socket = await consume(rig, alice, { marker: 'a' });
      await socket.until(({ markers }) => markers.length === 1);
      socket.acknowledge(2);
      socket.acknowledge(4);
      await socket.leave();
    }
    await using rig = await openRig({ url });
    await push(rig, alice, 5);
    const again = await consume(rig, alice, { marker: 'b' });
    await again.until(({ markers }) => markers.length === 1);
    assert.deepEqual(again.numbers, [1, 3, 5], 'the oldest first, and not the marker of before');
    assert.deepEqual(again.markers, ['b']);
    again.acknowledge(3, true);
    await again.leave();
    await using last = await consume(rig, alice, { marker: 'c' });
    await last.until(({ markers }) => markers.length === 1);
    assert.deepEqual(last.numbers, []);
  });

  it('is in step with the stream when a client acknowledges each event under load', async () => {
    await using rig = await open();
    const alice = newUser();
    await begin(rig, alice);
    const count = 300;
    const seen: (number | undefined)[] = [];
    const writing = (async () => {
      for (let n = 0; n < count; n += 1) await push(rig, alice, n);
    })();
    while (seen.at(-1) !== count - 1) {
      const socket = await consume(rig, alice);
      let acknowledged = 0;
      await socket.until(({ events, numbers }) => {
        for (const { delivery_tag } of events.slice(acknowledged)) socket.acknowledge(delivery_tag);
        acknowledged = events.length;
        return acknowledged >= 70 || numbers.at(-1) === count - 1;
      });
      seen.push(...socket.numbers.slice(0, acknowledged));
      await socket.leave();
    }
    await writing;
    const distinct = [...new Set(seen)];
    assert.deepEqual(
      distinct,
      distinct.map((_, index) => index),
    );
    assert.equal(distinct.length, count);
  });

  it('has no more than 500 deliveries outstanding', async () => {
    await using rig = await open();
    const alice = newUser();
    await begin(rig, alice);
    await push(rig, alice, ...Array.from({ length: 550 }, (_, n) => n));
    await using socket = await consume(rig, alice, { marker: 'm' });
    await socket.until(({ frames }) => frames.length === 500);
    await rig.push({ ...numbered(-1, { user: alice }), transient: true });
    socket.acknowledge(500);
    await socket.until(({ frames }) => frames.length === 501);
    assert.equal(socket.numbers.at(-1), 500);
    socket.acknowledge(0, true);
    await socket.until(({ markers }) => markers.length === 1);
    assert.equal(socket.events.length, 550);
  });

  it('carries transient events to who is there, and keeps them for nobody', async () => {
    await using rig = await open();
    const alice = newUser();
    await begin(rig, alice);
    const say = (n: number) => rig.push({ ...numbered(n, { user: alice }), transient: true });
    await say(1);
    await using socket = await consume(rig, alice, { marker: 'm' });
    await socket.until(({ markers }) => markers.length === 1);
    await push(rig, alice, 2);
    await say(3);
    await socket.until(({ numbers }) => numbers.length === 2);
    assert.deepEqual(socket.numbers, [2, 3]);
    await socket.leave();
    await using again = await consume(rig, alice, { marker: 'm' });
    await again.until(({ markers }) => markers.length === 1);
    assert.deepEqual(again.numbers, [2]);
  });

  it('tells a client that something went out of its queue, and goes on when it has answered', async () => {
    let now = Date.UTC(2026, 0, 1);
    const settings = { retentionSeconds: 100, cleanUpIntervalMs: 5 };
    await using rig = await open({ now: () => now, settings });
    const alice = newUser();
    await begin(rig, alice);
    await begin(rig, alice, laptop);
    await rig.push(numbered(1, { user: alice, clients: [phone] }));
    now += 60_000;
    await push(rig, alice, 2);
    now += 41_000;
    await using unharmed = await consume(rig, alice, { client: laptop, marker: 'm' });
    await unharmed.until(({ markers }) => markers.length === 1);
    assert.deepEqual(unharmed.numbers, [2], 'another client has missed nothing');
    const socket = await consume(rig, alice, { marker: 'm' });
    await socket.until(({ frames }) => frames.length > 0);
    assert.deepEqual(socket.frames, [{ type: 'notifications_missed' }]);
    await socket.leave();

    now += 3_600_000;
    for (let rows = 2; rows > 1; rows = await countRows(rig)) await new Promise(setImmediate);
    await push(rig, alice, 3);
    const later = await consume(rig, alice, { marker: 'm' });
    await later.until(({ frames }) => frames.length > 0);
    assert.deepEqual(later.frames, [{ type: 'notifications_missed' }], 'also when the rows are gone');
    later.acknowledgeMissed();
    await later.until(({ markers }) => markers.length === 1);
    assert.deepEqual(later.numbers, [3]);
    await later.leave();
    await using last = await consume(rig, alice, { marker: 'm' });
    await last.until(({ markers }) => markers.length === 1);
    assert.deepEqual(last.frames[0]?.type, 'event', 'it is told once');
  });

  async function countRows({ storage: { reader } }: Rig): Promise<number> {
    return (await reader.selectFrom('notification').select('user_id').execute()).length;
  }

  it('lets one socket of a client consume at a time; the next one goes on where that one ended', async () => {
    await using rig = await open();
    const alice = newUser();
    await begin(rig, alice);
    const first = await consume(rig, alice, { marker: '1' });
    await first.until(({ markers }) => markers.length === 1);
    await using second = await consume(rig, alice, { marker: '2' });
    await using third = await consume(rig, alice, { marker: '3' });
    await push(rig, alice, 1, 2);
    await first.until(({ numbers }) => numbers.length === 2);
    second.send('ping');
    await second.until(({ pongs }) => pongs.length === 1);
    assert.deepEqual(second.frames, []);
    first.acknowledge(2);
    await first.leave();
    await second.until(({ markers }) => markers.length === 1);
    assert.deepEqual([second.numbers, second.markers, third.frames], [[2], ['2'], []]);
    third.send({ type: 'ack', data: { delivery_tag: 1, multiple: false } });
    assert.deepEqual(await third.closed, { code: 1003, reason: 'unexpected-ack' });
  });

  it('gives the place of a socket that is not there any more to the one that waits', async () => {
    const keepAlive = { pingSeconds: 1000, answerSeconds: 1, maxLifeSeconds: 100_000 };
    await using rig = await open({ settings: { keepAlive } });
    const alice = newUser();
    await begin(rig, alice);
    await using gone = await consume(rig, alice, { answersPings: false });
    gone.socket.pause();
    await using next = await consume(rig, alice, { marker: 'm' });
    await next.until(({ markers }) => markers.length === 1);
  });

  it('gives a temporary consumer what is for all clients from now on, and keeps nothing of it', async () => {
    await using rig = await open();
    const alice = newUser();
    await push(rig, alice, 1);
    const temporary = await ConsumerSocket.open(rig.url, alice, { marker: 'm' });
    await rig.push(numbered(2, { user: alice, clients: [phone] }), numbered(3, { user: alice }));
    await rig.push({ ...numbered(4, { user: alice }), transient: true });
    await temporary.until(({ numbers }) => numbers.includes(4));
    assert.deepEqual([temporary.numbers, temporary.markers], [[3, 4], []]);
    temporary.acknowledge(1);
    await temporary.leave();
    await push(rig, alice, 5);
    await using again = await ConsumerSocket.open(rig.url, alice);
    await push(rig, alice, 6);
    await again.until(({ numbers }) => numbers.includes(6));
    assert.deepEqual(again.numbers, [6]);
  });

  it('leaves to GET /notifications what came before the queue, and nothing of the queue', async () => {
    await using rig = await open();
    const alice = newUser();
    await push(rig, alice, 1);
    await begin(rig, alice);
    await push(rig, alice, 2);
    const numbersFor = async (query: string) => {
      const { body } = await rig.get(alice, `/v8/notifications${query}`);
      return (body as NotificationList).notifications.map(({ payload: [event] }) =>
        Reflect.get(event ?? {}, 'n'),
      );
    };
    assert.deepEqual(await numbersFor(`?client=${phone}`), [1]);
    assert.deepEqual(await numbersFor(`?client=${laptop}`), [1, 2]);
    const last = await rig.get(alice, `/v8/notifications/last?client=${phone}`);
    assert.deepEqual(Reflect.get(last.body as object, 'payload'), [{ type: 'test', n: 1 }]);
    await rig.storage.work((work) => rig.notifications.endQueue(work, alice, phone));
    assert.deepEqual(await numbersFor(`?client=${phone}`), [1, 2]);
  });

  it('closes the socket of a removed client, behind the event that says so', async () => {
    await using rig = await open();
    const alice = newUser();
    await begin(rig, alice);
    await using socket = await consume(rig, alice, { marker: 'm' });
    await socket.until(({ markers }) => markers.length === 1);
    await rig.storage.work(async (work) => {
      await rig.notifications.removeClient(work, alice, phone);
      await rig.notifications.push(work, numbered(1, { user: alice }));
    });
    assert.equal((await socket.closed).code, 1008);
    assert.deepEqual(socket.numbers, [1]);
    await assert.rejects(consume(rig, alice), /404/);
  });

  it('closes at the end with a code that says so, and has stored what was acknowledged', async () => {
    const url = await freshUrl();
    const alice = newUser();
    const rig = await openRig({ url });
    await begin(rig, alice);
    await push(rig, alice, 1, 2);
    const socket = await consume(rig, alice);
    await socket.until(({ numbers }) => numbers.length === 2);
    socket.acknowledge(1);
    socket.send('ping');
    await socket.until(({ pongs }) => pongs.length === 1);
    await rig[Symbol.asyncDispose]();
    assert.equal((await socket.closed).code, 1001);
    await using again = await openRig({ url });
    await using rest = await consume(again, alice, { marker: 'm' });
    await rest.until(({ markers }) => markers.length === 1);
    assert.deepEqual(rest.numbers, [2]);
  });

  it('does not cut off a slow reader, but waits for it', async () => {
    await using rig = await open({ settings: { maxBufferedBytes: 64 * 1024 } });
    const alice = newUser();
    await begin(rig, alice);
    const text = 'x'.repeat(50_000);
    const count = 200;
    const events = Array.from({ length: count }, (_, n) => ({ type: 'test', n, text }));
    await rig.push(...events.map((event) => ({ recipients: [{ user: alice }], event })));
    await using socket = await consume(rig, alice, { marker: 'm' });
    socket.socket.pause();
    await push(rig, alice, count);
    socket.socket.resume();
    await socket.until(({ markers }) => markers.length === 1);
    assert.deepEqual(
      socket.numbers,
      Array.from({ length: count + 1 }, (_, n) => n),
    );
  });
});
