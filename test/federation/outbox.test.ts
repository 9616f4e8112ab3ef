import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { BackendDomain } from '#contract/ids.ts';
import {
  a,
  b,
  byLane,
  type Dialect,
  onNumberCounted,
  openDialects,
  openReceiver,
  openSender,
  upTo,
  Wire,
} from './outbox-rig.ts';

/** Notifications arrive: in the order of their lanes, at wire-server as at Crosswire, on both databases. */

const opened = openDialects();
after(() => opened[Symbol.asyncDispose]());

async function openPair(dialect: Dialect, options: Partial<Parameters<typeof openReceiver>[0]> = {}) {
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await openReceiver({ url: await dialect.freshUrl(), ...options }));
  const wire = new Wire();
  wire.connect(receiver.domain, receiver.dispatcher);
  const sender = stack.use(await openSender({ url: await dialect.freshUrl(), wire }));
  const owned = stack.move();
  return { receiver, wire, sender, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

for (const dialect of opened.dialects)
  describe(dialect.name, () => {
    it('delivers what is committed, in order within each of many lanes', async () => {
      await using pair = await openPair(dialect);
      const lanes = upTo(20).map((n) => `lane:${n}`);
      await Promise.all(lanes.map((lane) => pair.sender.count(lane, 1, 20)));
      await pair.sender.outbox.drained();
      const received = byLane(pair.receiver.received);
      for (const lane of lanes) assert.deepEqual(received.get(lane), upTo(20), lane);
      assert.deepEqual(await pair.sender.storage.reader.selectFrom('outbox').selectAll().execute(), []);
    });

    it('delivers nothing of a unit of work that was rolled back', async () => {
      await using pair = await openPair(dialect);
      const { storage, outbox } = pair.sender;
      const failing = storage.work(async (work) => {
        await outbox.tell(work, [b], onNumberCounted, 'l', { lane: 'l', number: 1 });
        throw new Error('rolled back');
      });
      await assert.rejects(failing, /rolled back/);
      await pair.sender.count('l', 2, 2);
      await outbox.drained();
      assert.deepEqual(pair.receiver.received, [{ lane: 'l', number: 2 }]);
    });

    it('sends a remote without bundles one request for each notification, in its version and with our headers', async () => {
      await using pair = await openPair(dialect, { crosswire: false, versions: [0] });
      const { storage, outbox } = pair.sender;
      await storage.work(async (work) => {
        for (const number of [1, 2])
          await outbox.tell(work, [b], onNumberCounted, 'l', { lane: 'l', number }, { requestId: 'r-1' });
      });
      await outbox.drained();
      const requests = pair.receiver.requests.filter(({ rpc }) => rpc === 'on-number-counted');
      assert.deepEqual(
        requests.map(({ body }) => JSON.parse(Buffer.from(body).toString())),
        [1, 2].map((number) => ({ cLane: 'l', cNumber: number })),
      );
      const [first] = pair.wire.sent.filter(({ rpc }) => rpc === 'on-number-counted');
      assert.equal(first?.component, 'galley');
      assert.equal(first?.headers['x-wire-api-version'], '0');
      assert.equal(first?.headers['wire-origin-domain'], a);
      assert.equal(first?.headers['wire-origin-request-id'], 'r-1');
      assert.match(first?.headers['crosswire-delivery-id'] ?? '', /^[\w-]{36}$/);
    });

    it('tells several remotes with one row each', async () => {
      const c = 'c.example.com' as BackendDomain;
      await using pair = await openPair(dialect);
      await using third = await openReceiver({ url: await dialect.freshUrl(), domain: c });
      pair.wire.connect(c, third.dispatcher);
      await pair.sender.count('l', 1, 3, [b, c]);
      await pair.sender.outbox.drained();
      assert.deepEqual(byLane(pair.receiver.received).get('l'), [1, 2, 3]);
      assert.deepEqual(byLane(third.received).get('l'), [1, 2, 3]);
    });
  });
