import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { describe, it } from 'node:test';
import type { NotificationList } from '#contract/client/notifications.ts';
import type { ClientId } from '#contract/ids.ts';
import { eachDatabase } from '../notifications/databases.ts';
import { newUser, numbered, openRig, type Rig, type RigOptions } from '../notifications/rig.ts';

const phone = 'a1' as ClientId;
const laptop = 'b2' as ClientId;
const foreignId = '3ab0e1d2-0d5e-11ef-8000-22000a1b2c3d';

/** Stored notifications and the live socket, as clients see them (reference client-api 6). */

describe('GET /notifications', () => {
  async function fill(rig: Rig, count: number) {
    const alice = newUser();
    await rig.push(...Array.from({ length: count }, (_, n) => numbered(n, { user: alice })));
    return alice;
  }
  const list = (body: unknown) => body as NotificationList;

  it('pages through the stream, each page after the last id of the one before', async () => {
    await using rig = await openRig();
    const alice = await fill(rig, 250);
    const sizes: number[] = [];
    let path = '/v5/notifications?size=100';
    for (let more = true; more; ) {
      const { status, body } = await rig.get(alice, path);
      assert.equal(status, 200);
      const { notifications, has_more, time } = list(body);
      assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
      sizes.push(notifications.length);
      path = `/v5/notifications?size=100&since=${notifications.at(-1)?.id}`;
      more = has_more;
    }
    assert.deepEqual(sizes, [100, 100, 50]);
    const last = list((await rig.get(alice, path)).body);
    assert.deepEqual([last.notifications, last.has_more], [[], false]);
  });

  it('answers 404 to a since that is not stored, without the list from v3 on and with it before', async () => {
    await using rig = await openRig();
    const alice = await fill(rig, 3);
    const now = await rig.get(alice, `/v3/notifications?since=${foreignId}`);
    assert.equal(now.status, 404);
    assert.deepEqual(now.body, { code: 404, label: 'not-found', message: 'Some notifications not found' });
    for (const since of [foreignId, 'nonsense']) {
      const before = await rig.get(alice, `/v2/notifications?since=${since}`);
      assert.equal(before.status, 404);
      assert.equal(list(before.body).notifications.length, 3);
    }
  });

  it('answers 400 to a since that is no version 1 UUID', async () => {
    await using rig = await openRig();
    const alice = await fill(rig, 1);
    for (const since of ['nonsense', crypto.randomUUID()]) {
      const { status, body } = await rig.get(alice, `/v5/notifications?since=${since}`);
      assert.deepEqual([status, (body as { label: string }).label], [400, 'bad-request']);
      assert.equal((await rig.get(alice, `/v5/notifications/${since}`)).status, 400);
    }
  });

  it('answers 400 to a size outside 100 to 10000 and to a client that is none', async () => {
    await using rig = await openRig();
    const alice = await fill(rig, 1);
    for (const query of ['size=99', 'size=10001', 'size=x', 'size=-1', 'client=xyz'])
      assert.equal((await rig.get(alice, `/v5/notifications?${query}`)).status, 400, query);
    assert.equal((await rig.get(alice, '/v5/notifications?size=10000')).status, 200);
  });

  it('cuts a page when its events exceed 5 MB', async () => {
    await using rig = await openRig();
    const alice = newUser();
    const large = { type: 'test', n: 1, text: 'x'.repeat(1024 * 1024) };
    for (let n = 0; n < 7; n += 1) await rig.push({ recipients: [{ user: alice }], event: large });
    const first = list((await rig.get(alice, '/v5/notifications')).body);
    assert.deepEqual([first.notifications.length, first.has_more], [4, true]);
    const since = first.notifications.at(-1)?.id;
    const second = list((await rig.get(alice, `/v5/notifications?since=${since}`)).body);
    assert.deepEqual([second.notifications.length, second.has_more], [3, false]);
  });

  it('gives the last one and each one by id, to those whom it is for', async () => {
    await using rig = await openRig();
    const alice = newUser();
    assert.equal((await rig.get(alice, '/v5/notifications/last')).status, 404);
    await rig.push(numbered(1, { user: alice }), numbered(2, { user: alice, clients: [phone] }));
    const last = await rig.get(alice, `/v5/notifications/last?client=${phone}`);
    const { id, payload } = last.body as NotificationList['notifications'][number];
    assert.deepEqual(payload, [{ type: 'test', n: 2 }]);
    assert.deepEqual((await rig.get(alice, `/v5/notifications/${id}`)).body, last.body);
    assert.equal((await rig.get(alice, `/v5/notifications/${id}?client=${laptop}`)).status, 404);
    assert.equal((await rig.get(newUser(), `/v5/notifications/${id}`)).status, 404);
    assert.equal((await rig.get(alice, `/v5/notifications/${foreignId}`)).status, 404);
  });

  it('hides what is older than the retention, and cleans it up', async () => {
    const start = Date.UTC(2026, 0, 1);
    let now = start;
    await using rig = await openRig({
      now: () => now,
      settings: { retentionSeconds: 100, cleanUpIntervalMs: 5 },
    });
    const [alice, bob] = [newUser(), newUser()];
    await rig.push(numbered(1, { user: alice }), numbered(2, { user: alice }, { user: bob }));
    const old = list((await rig.get(alice, '/v5/notifications')).body).notifications[0]?.id;
    now = start + 60_000;
    await rig.push(numbered(3, { user: alice }, { user: bob }));
    now = start + 101_000;
    assert.equal(list((await rig.get(alice, '/v5/notifications')).body).notifications.length, 1);
    assert.equal((await rig.get(alice, `/v5/notifications?since=${old}`)).status, 404);
    now = start + 101_000 + 3_600_000;
    for (let rows = 5; rows > 2; rows = await countRows(rig)) await new Promise(setImmediate);
    assert.equal(await countRows(rig), 2);
  });

  async function countRows({ storage: { reader } }: Rig): Promise<number> {
    const rows = await reader.selectFrom('notification').select('user_id').execute();
    return rows.length;
  }

  it('says that a client was active when it fetches', async () => {
    const active: string[] = [];
    await using rig = await openRig({
      lastActive: async (user, client) => {
        active.push(`${user} ${client}`);
      },
    });
    const alice = await fill(rig, 1);
    await rig.get(alice, '/v5/notifications');
    await rig.get(alice, `/v5/notifications?client=${phone}`);
    assert.deepEqual(active, [`${alice} ${phone}`]);
  });
});

eachDatabase('GET /await', (freshUrl) => {
  const open = async (options: RigOptions = {}) => openRig({ url: await freshUrl(), ...options });

  it('carries each notification as a binary frame of ASCII, in order', async () => {
    await using rig = await open();
    const alice = newUser();
    await using socket = await rig.connect(alice);
    const texts: string[] = [];
    socket.socket.on('message', (data) => texts.push(data.toString()));
    await rig.push({ recipients: [{ user: alice }], event: { type: 'test', n: 1, name: 'Ünï🎉' } as never });
    await rig.push(numbered(2, { user: alice }));
    await socket.until(({ received }) => received.length === 2);
    assert.match(texts[0] ?? '', /"name":"\\u00dcn\\u00ef\\ud83c\\udf89"/);
    assert.deepEqual(socket.numbers, [1, 2]);
    const stored = (await rig.get(alice, '/v5/notifications')).body as NotificationList;
    const withoutTransient = socket.received.map(({ id, payload }) => ({ id, payload }));
    assert.deepEqual(stored.notifications, withoutTransient);
    assert.ok(socket.received.every(({ transient }) => transient === false));
  });

  it('opens under every version prefix and none, with the token in the query or header', async () => {
    await using rig = await open();
    for (const path of ['/await', '/v0/await', '/v5/await', '/v6/await']) {
      await using _socket = await rig.connect(newUser(), { path });
    }
    const { status } = await upgrade(rig.url, '/await', { authorization: `Bearer ${newUser()}:1` });
    assert.equal(status, 101);
  });

  it('refuses before the upgrade: version, path, token, client, and what is no WebSocket', async () => {
    await using rig = await open();
    const token = `access_token=${newUser()}:1`;
    const cases = [
      [`/v9/await?${token}`, 404, 'unsupported-version'],
      [`/v5/events?${token}`, 404, 'no-endpoint'],
      ['/await', 401, 'unauthorized'],
      ['/await?access_token=nonsense', 401, 'unauthorized'],
      [`/await?${token}:u`, 403, 'access-denied'],
      [`/await?${token}&client=nonsense`, 400, 'bad-request'],
    ] as const;
    for (const [path, status, label] of cases) {
      const answer = await upgrade(rig.url, path);
      assert.deepEqual([answer.status, JSON.parse(answer.body).label], [status, label], path);
    }
    const plain = await fetch(`${rig.url}/await?${token}`);
    assert.deepEqual([plain.status, plain.headers.get('upgrade')], [426, 'websocket']);
    const other = await upgrade(rig.url, `/await?${token}`, { upgrade: 'h2c' });
    assert.equal(other.status, 426, 'other protocols are answered as plain requests');
  });

  it('gives a socket what is for all clients or for its own', async () => {
    await using rig = await open();
    const alice = newUser();
    await using ofPhone = await rig.connect(alice, { client: phone, connection: '1' });
    await using ofLaptop = await rig.connect(alice, { client: laptop, connection: '2' });
    await using ofAll = await rig.connect(alice, { connection: '3' });
    await using ofBob = await rig.connect(newUser());
    await rig.push(
      numbered(1, { user: alice, clients: [phone] }),
      numbered(2, { user: alice, clients: [laptop] }),
      numbered(3, { user: alice }),
    );
    for (const socket of [ofPhone, ofLaptop, ofAll]) await socket.until(({ numbers }) => numbers.includes(3));
    assert.deepEqual(
      [ofPhone.numbers, ofLaptop.numbers],
      [
        [1, 3],
        [2, 3],
      ],
    );
    assert.deepEqual([ofAll.numbers, ofBob.numbers], [[1, 2, 3], []]);
  });

  it('skips the session that caused the event, and stores it all the same', async () => {
    await using rig = await open();
    const [alice, bob] = [newUser(), newUser()];
    await using one = await rig.connect(alice, { connection: '1' });
    await using two = await rig.connect(alice, { connection: '2' });
    await using ofBob = await rig.connect(bob, { connection: '1' });
    const push = numbered(1, { user: alice }, { user: bob });
    await rig.push({ ...push, origin: { user: alice, connectionId: '1' } });
    await rig.push(numbered(2, { user: alice }, { user: bob }));
    for (const socket of [one, two, ofBob]) await socket.until(({ numbers }) => numbers.includes(2));
    assert.deepEqual([one.numbers, two.numbers, ofBob.numbers], [[2], [1, 2], [1, 2]]);
    const stored = (await rig.get(alice, '/v5/notifications')).body as NotificationList;
    assert.equal(stored.notifications.length, 2);
  });

  it('carries transient pushes with ids of their own, which are not stored', async () => {
    await using rig = await open();
    const alice = newUser();
    await using socket = await rig.connect(alice);
    await rig.push({ ...numbered(1, { user: alice }), transient: true });
    await socket.until(({ received }) => received.length === 1);
    const [received] = socket.received;
    assert.equal(received?.transient, true);
    assert.equal((await rig.get(alice, `/v5/notifications/${received?.id}`)).status, 404);
  });

  it('tells nothing of a unit of work that was rolled back', async () => {
    await using rig = await open();
    const alice = newUser();
    await using socket = await rig.connect(alice);
    const failing = rig.storage.work(async (work) => {
      await rig.notifications.push(work, numbered(1, { user: alice }));
      throw new Error('no');
    });
    await assert.rejects(failing);
    await rig.push(numbered(2, { user: alice }));
    await socket.until(({ received }) => received.length > 0);
    assert.deepEqual(socket.numbers, [2]);
  });

  it('gives the place of a socket to a newer one of the same session, and leaves the older one open', async () => {
    await using rig = await open();
    const alice = newUser();
    await using older = await rig.connect(alice);
    await using newer = await rig.connect(alice);
    await rig.push(numbered(1, { user: alice }));
    await newer.until(({ received }) => received.length === 1);
    older.socket.send('ping');
    await older.until(({ others }) => others.includes('pong'));
    assert.deepEqual(older.numbers, []);
    assert.equal(older.socket.readyState, older.socket.OPEN);
    older.socket.close();
    await older.closed;
    await rig.push(numbered(2, { user: alice }));
    await newer.until(({ received }) => received.length === 2);
  });

  it('pings at once, and answers pings of every kind', async () => {
    await using rig = await open();
    await using socket = await rig.connect(newUser());
    await socket.until(({ pings }) => pings.length === 1);
    assert.deepEqual(socket.pings, ['ping']);
    socket.socket.ping('some payload');
    socket.socket.send('ping');
    socket.socket.send(Buffer.from('ping'));
    socket.socket.send('anything else');
    await socket.until(({ others, pongs }) => others.length === 2 && pongs.length === 1);
    assert.deepEqual([socket.others, socket.pongs], [['pong', 'pong'], ['some payload']]);
  });

  it('pings in the interval that a ping of the client asks for', async () => {
    await using rig = await open();
    await using socket = await rig.connect(newUser());
    socket.socket.ping('1');
    await socket.until(({ pings }) => pings.length >= 3);
  });

  it('gives a socket up that leaves two pings unanswered', async () => {
    const keepAlive = { pingSeconds: 1, answerSeconds: 1, maxLifeSeconds: 1000 };
    await using rig = await open({ settings: { keepAlive } });
    await using socket = await rig.connect(newUser(), { answersPings: false });
    assert.equal(await socket.closed, 1008);
    assert.equal(socket.pings.length, 2);
  });

  it('closes a socket that has lived for the longest time allowed', async () => {
    const keepAlive = { pingSeconds: 1, answerSeconds: 10, maxLifeSeconds: 1 };
    await using rig = await open({ settings: { keepAlive } });
    await using socket = await rig.connect(newUser());
    assert.equal(await socket.closed, 1001);
  });

  it('closes what sends more than a client has to say', async () => {
    await using rig = await open();
    await using socket = await rig.connect(newUser());
    socket.socket.send('x'.repeat(100_000));
    assert.equal(await socket.closed, 1009);
  });

  it('closes the sockets of a removed client, behind the event that says so', async () => {
    await using rig = await open();
    const alice = newUser();
    await using removed = await rig.connect(alice, { client: phone, connection: '1' });
    await using other = await rig.connect(alice, { client: laptop, connection: '2' });
    await rig.storage.work(async (work) => {
      await rig.notifications.removeClient(work, alice, phone);
      await rig.notifications.push(work, numbered(1, { user: alice }));
    });
    assert.equal(await removed.closed, 1008);
    await other.until(({ received }) => received.length === 1);
    assert.deepEqual(removed.numbers, [1]);
  });

  it('closes all sockets at the end with a code that says so, and takes no more', async () => {
    const rig = await open();
    const sockets = await Promise.all(Array.from({ length: 20 }, () => rig.connect(newUser())));
    await rig.notifications.sockets[Symbol.asyncDispose]();
    assert.deepEqual(new Set(await Promise.all(sockets.map(({ closed }) => closed))), new Set([1001]));
    const refused = await upgrade(rig.url, `/await?access_token=${newUser()}:1`);
    assert.deepEqual([refused.status, JSON.parse(refused.body).label], [503, 'shutting-down']);
    await rig[Symbol.asyncDispose]();
  });
});

/** Asks for an upgrade by hand. */
function upgrade(url: string, path: string, headers: Record<string, string> = {}) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const request = httpRequest(`${url}${path}`, {
    headers: {
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
  });
  request.on('upgrade', (response, socket) => {
    socket.destroy();
    resolve({ status: response.statusCode ?? 0, body: '' });
  });
  request.on('response', async (response) => {
    let body = '';
    for await (const chunk of response) body += chunk;
    resolve({ status: response.statusCode ?? 0, body });
  });
  request.on('error', reject);
  request.end();
  return promise;
}
