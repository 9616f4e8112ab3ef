import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import type { ClientId, UserId } from '#contract/ids.ts';
import { type ConsumerOptions, ConsumerSocket } from '../notifications/consumer-socket.ts';
import { newUser, numbered, openRig, type Rig } from '../notifications/rig.ts';

const phone = 'a1' as ClientId;

/** What a client may say on `/v8/events`, and what else it tries. */

describe('the socket of a client that acknowledges', () => {
  let rig: Rig;
  before(async () => {
    rig = await openRig();
  });
  after(() => rig[Symbol.asyncDispose]());

  async function consumer(options: ConsumerOptions = {}): Promise<{ user: UserId; socket: ConsumerSocket }> {
    const user = newUser();
    await rig.storage.work((work) => rig.notifications.beginQueue(work, user, phone));
    await rig.push(numbered(1, { user }), numbered(2, { user }));
    const socket = await ConsumerSocket.open(rig.url, user, { client: phone, ...options });
    await socket.until(({ numbers }) => numbers.length === 2);
    return { user, socket };
  }

  /** Nothing of what the socket was sent counts as acknowledged. */
  async function assertAllWaits(user: UserId, client = phone): Promise<void> {
    await using socket = await ConsumerSocket.open(rig.url, user, { client, marker: 'm' });
    await socket.until(({ markers }) => markers.length === 1);
    assert.deepEqual(socket.numbers, [1, 2]);
  }

  const ack = (data: unknown) => JSON.stringify({ type: 'ack', data });
  const malformed: readonly (readonly [string, string | Buffer])[] = [
    ['no JSON', 'nonsense'],
    ['nothing', ''],
    ['JSON that is no object', '[]'],
    ['an unknown type', JSON.stringify({ type: 'event', data: {} })],
    ['no data', JSON.stringify({ type: 'ack' })],
    ['no tag', ack({ multiple: false })],
    ['no multiple', ack({ delivery_tag: 1 })],
    ['a tag in text', ack({ delivery_tag: '1', multiple: false })],
    ['a tag below 0', ack({ delivery_tag: -1, multiple: true })],
    ['a tag with a fraction', ack({ delivery_tag: 1.5, multiple: true })],
    ['a tag beyond what a number holds', '{"type":"ack","data":{"delivery_tag":1e400,"multiple":true}}'],
    ['JSON too deep', '['.repeat(30_000)],
    ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe])],
  ];
  for (const [what, message] of malformed) {
    it(`is closed when it says ${what}`, async () => {
      const { user, socket } = await consumer();
      socket.socket.send(message);
      assert.deepEqual(await socket.closed, { code: 1003, reason: 'failed-to-parse' });
      await assertAllWaits(user);
    });
  }

  const unexpected: readonly (readonly [string, string])[] = [
    ['a tag that was never given', ack({ delivery_tag: 3, multiple: false })],
    ['all up to a tag that was never given', ack({ delivery_tag: 1_000_000, multiple: true })],
    ['tag 0', ack({ delivery_tag: 0, multiple: false })],
    ['a full synchronization that nobody asked for', JSON.stringify({ type: 'ack_full_sync' })],
  ];
  for (const [what, message] of unexpected) {
    it(`is closed when it acknowledges ${what}`, async () => {
      const { user, socket } = await consumer();
      socket.send(message);
      assert.deepEqual(await socket.closed, { code: 1003, reason: 'unexpected-ack' });
      await assertAllWaits(user);
    });
  }

  it('is closed when it acknowledges twice, and the first time counts', async () => {
    const { user, socket } = await consumer();
    socket.acknowledge(1);
    socket.acknowledge(1);
    assert.deepEqual(await socket.closed, { code: 1003, reason: 'unexpected-ack' });
    await using again = await ConsumerSocket.open(rig.url, user, { client: phone, marker: 'm' });
    await again.until(({ markers }) => markers.length === 1);
    assert.deepEqual(again.numbers, [2]);
  });

  it('cannot acknowledge for another user: tags mean nothing on another connection', async () => {
    const [one, other] = [await consumer(), await consumer()];
    for (const { delivery_tag } of one.socket.events) one.socket.acknowledge(delivery_tag);
    await one.socket.leave();
    await other.socket.leave();
    await assertAllWaits(other.user);
    await assert.rejects(
      ConsumerSocket.open(rig.url, newUser(), { client: phone }),
      /404/,
      'nor open the queue of a client that is not its own',
    );
  });

  it('is closed when it says more than a client has to say', async () => {
    const { user, socket } = await consumer();
    socket.send('x'.repeat(100_000));
    assert.equal((await socket.closed).code, 1009);
    await assertAllWaits(user);
  });

  it('is not opened without a queue, a good token, a client that can be one, or under an older version', async () => {
    const user = newUser();
    const token = `access_token=${user}:1`;
    const cases = [
      [`/v8/events?${token}&client=${phone}`, 404],
      [`/v8/events?client=${phone}`, 401],
      [`/v8/events?access_token=nonsense`, 401],
      [`/v8/events?${token}:u`, 403],
      [`/v8/events?${token}&client=nonsense`, 400],
      [`/v8/events?${token}&sync_marker=${'x'.repeat(200)}`, 400],
      [`/v7/events?${token}`, 404],
      [`/events?${token}`, 404],
    ] as const;
    for (const [path, status] of cases) {
      const socket = new WebSocket(`${rig.url.replace('http', 'ws')}${path}`);
      await assert.rejects(once(socket, 'open'), new RegExp(`${status}`), path);
    }
    const plain = await fetch(`${rig.url}/v8/events?${token}`);
    assert.deepEqual([plain.status, plain.headers.get('upgrade')], [426, 'websocket']);
  });
});
