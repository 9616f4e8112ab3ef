import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openProcess, until } from '#testkit';
import {
  b,
  byLane,
  type Dialect,
  onNumberCounted,
  openDialects,
  openReceiver,
  openSender,
  type Receiver,
  upTo,
  Wire,
} from '../federation/outbox-rig.ts';
import { openOutward } from './outbox-outward.ts';

/** Senders that are killed, and several that deliver from one database. */

const opened = openDialects();
after(() => opened[Symbol.asyncDispose]());

const program = fileURLToPath(new URL('outbox-process.ts', import.meta.url));
const lanes = upTo(50).map((n) => `lane:${n}`);
const perLane = 40;

/** Queues two thousand notifications for a remote that cannot be reached. */
async function fill(url: string): Promise<void> {
  await using sender = await openSender({ url, wire: new Wire() });
  for (const number of upTo(perLane))
    await sender.storage.work(async (work) => {
      for (const lane of lanes) await sender.outbox.tell(work, [b], onNumberCounted, lane, { lane, number });
    });
}

function assertAllOnceInOrder(receiver: Receiver): void {
  const received = byLane(receiver.received);
  for (const lane of lanes) assert.deepEqual(received.get(lane), upTo(perLane), lane);
  assert.equal(receiver.received.length, lanes.length * perLane);
}

async function openStage(dialect: Dialect) {
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await openReceiver({ url: await dialect.freshUrl() }));
  const wire = new Wire();
  wire.connect(b, receiver.dispatcher);
  const outward = stack.use(await openOutward(wire));
  const url = await dialect.freshUrl();
  await fill(url);
  const owned = stack.move();
  const start = () => openProcess([process.execPath, program, url, outward.url]);
  return { receiver, wire, start, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

for (const dialect of opened.dialects)
  describe(dialect.name, () => {
    it('kill -9 of the sender again and again while it drains: all arrive, in order per lane, none twice', async () => {
      await using stage = await openStage(dialect);
      const total = lanes.length * perLane;
      for (const part of [0.1, 0.3, 0.5, 0.7]) {
        await using sender = stage.start();
        await until(`${part} of the notifications`, () => stage.receiver.received.length >= total * part);
        sender.kill('SIGKILL');
        await sender.ended;
      }
      await using last = stage.start();
      await until('all notifications', () => stage.receiver.received.length >= total);
      last.kill('SIGTERM');
      await last.ended.catch(() => undefined);
      assertAllOnceInOrder(stage.receiver);
    });
  });

describe('replicas on postgres', () => {
  const dialect = opened.dialects.find(({ name }) => name === 'postgres') as Dialect;

  it('give each remote one sender, and another takes over when that one is killed', async () => {
    await using stage = await openStage(dialect);
    const total = lanes.length * perLane;
    await using first = stage.start();
    await using second = stage.start();
    await until('a part of the notifications', () => stage.receiver.received.length >= total * 0.2);
    first.kill('SIGKILL');
    await first.ended;
    await until('half of the notifications', () => stage.receiver.received.length >= total / 2);
    await using third = stage.start();
    await until('the third to be open', () => third.stdout().includes('open'));
    second.kill('SIGKILL');
    await second.ended;
    await until('all notifications', () => stage.receiver.received.length >= total);
    assertAllOnceInOrder(stage.receiver);
  });

  it('tell a remote whose sender is another replica', async () => {
    await using stack = new AsyncDisposableStack();
    const receiver = stack.use(await openReceiver({ url: await dialect.freshUrl(), crosswire: false }));
    const url = await dialect.freshUrl();
    const wires = [new Wire(), new Wire()];
    for (const wire of wires) wire.connect(b, receiver.dispatcher);
    const replicas = await Promise.all(wires.map(async (wire) => stack.use(await openSender({ url, wire }))));
    await Promise.all(upTo(10).map((n) => replicas[n % 2]?.count(`lane:${n}`, 1, 10)));
    await until('all notifications', () => receiver.received.length === 100);
    const received = byLane(receiver.received);
    for (const n of upTo(10)) assert.deepEqual(received.get(`lane:${n}`), upTo(10));
    const senders = wires.filter(({ sent }) => sent.some(({ rpc }) => rpc === 'on-number-counted'));
    assert.equal(senders.length, 1);
  });
});
