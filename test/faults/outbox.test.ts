import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { BackendDomain } from '#contract/ids.ts';
import type { RemoteQueue } from '#contract/internal/outbox.ts';
import { refuse } from '#contract/refusal.ts';
import type { ServedRoute } from '#contract/route.ts';
import type { Outbox, OutboxSettings } from '#outbox';
import { until } from '#testkit';
import {
  b,
  byLane,
  type Dialect,
  onNumberCounted,
  openDialects,
  openReceiver,
  openSender,
  type Receiver,
  remoteError,
  type Sender,
  upTo,
  Wire,
} from '../federation/outbox-rig.ts';

/** Remotes that fail in every way: what was told arrives all the same, once, in the order of its lane. */

const opened = openDialects();
after(() => opened[Symbol.asyncDispose]());

interface Pair extends AsyncDisposable {
  readonly receiver: Receiver;
  readonly wire: Wire;
  readonly sender: Sender;
}

interface PairOptions {
  readonly receiver?: Partial<Parameters<typeof openReceiver>[0]>;
  readonly settings?: Partial<OutboxSettings>;
  readonly now?: () => number;
  readonly connected?: boolean;
}

async function openPair(dialect: Dialect, options: PairOptions = {}): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await openReceiver({ url: await dialect.freshUrl(), ...options.receiver }));
  const wire = new Wire();
  if (options.connected !== false) wire.connect(receiver.domain, receiver.dispatcher);
  const { settings, now } = options;
  const sender = stack.use(await openSender({ url: await dialect.freshUrl(), wire, settings, now }));
  const owned = stack.move();
  return { receiver, wire, sender, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Calls an operations route of an outbox. */
async function callRoute(outbox: Outbox, path: string, request: object = {}): Promise<unknown> {
  const served: ServedRoute | undefined = outbox.routes.find(
    ({ route }) => `${route.method} ${route.path}` === path,
  );
  assert.ok(served, path);
  const answer = (await served.handler(request as never)) as {
    readonly status: number;
    readonly body: unknown;
  };
  assert.equal(answer.status, 200);
  return answer.body;
}

async function queueOf(outbox: Outbox, domain: BackendDomain = b): Promise<RemoteQueue | undefined> {
  const { queues } = (await callRoute(outbox, 'GET /i/federation/queues')) as { queues: RemoteQueue[] };
  return queues.find((queue) => queue.domain === domain);
}

const paces = {
  away: { baseMs: 1, capMs: 5 },
  refused: { baseMs: 1, capMs: 5 },
  lane: { baseMs: 1, capMs: 5 },
} as const;

/** Numbers in [0, 1) that are the same in each run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function assertEachOnceInOrder(receiver: Receiver, lanes: readonly string[], count: number): void {
  const received = byLane(receiver.received);
  for (const lane of lanes) assert.deepEqual(received.get(lane), upTo(count), lane);
  assert.equal(receiver.received.length, lanes.length * count);
}

for (const dialect of opened.dialects)
  describe(dialect.name, () => {
    for (const [way, bundles, together] of [
      ['bundles, those of a lane together', true, true],
      ['bundles, one by one', true, false],
      ['a request each', false, false],
    ] as const)
      it(`R18: takes each notification once, in order, when requests and answers are lost (${way})`, async () => {
        await using pair = await openPair(dialect, { settings: { paces, bundles }, receiver: { together } });
        const random = randomFrom(18);
        pair.wire.fate = () => {
          const dice = random();
          return dice < 0.25 ? 'answer is lost' : dice < 0.4 ? 'is lost' : 'arrives';
        };
        const lanes = upTo(10).map((n) => `lane:${n}`);
        await Promise.all(lanes.map((lane) => pair.sender.count(lane, 1, 15)));
        await pair.sender.outbox.drained();
        assertEachOnceInOrder(pair.receiver, lanes, 15);
        const ids = await pair.receiver.storage.reader.selectFrom('inbox').selectAll().execute();
        assert.equal(ids.length, 150);
      });

    it('delivers what was queued while a remote was away, all of it in order, beginning with its first contact', async () => {
      await using pair = await openPair(dialect, { connected: false });
      const { outbox, storage } = pair.sender;
      const lanes = upTo(50).map((n) => `lane:${n}`);
      for (const number of upTo(40))
        await storage.work(async (work) => {
          for (const lane of lanes) await outbox.tell(work, [b], onNumberCounted, lane, { lane, number });
        });
      const queue = await until('the remote to be given up for now', async () => {
        const shown = await queueOf(outbox);
        return shown?.last_error === undefined ? undefined : shown;
      });
      assert.equal(queue.depth, 2000);
      assert.equal(queue.lanes, 50);
      assert.equal(queue.last_error?.label, 'federation-connection-refused');
      pair.wire.connect(b, pair.receiver.dispatcher);
      outbox.contact(b);
      await outbox.drained();
      assertEachOnceInOrder(pair.receiver, lanes, 40);
      assert.equal((await queueOf(outbox))?.last_error, undefined);
    });

    it('R17: sets aside what is refused for good, and its lane and the others go on', async () => {
      await using pair = await openPair(dialect, { settings: { paces } });
      let poisonous = true;
      pair.receiver.judge = ({ lane, number }) => {
        if (poisonous && lane === 'bad' && number === 2)
          throw refuse('bad-request', { message: 'number 2 is poison' });
      };
      await Promise.all([pair.sender.count('bad', 1, 3), pair.sender.count('good', 1, 3)]);
      const { outbox } = pair.sender;
      await outbox.drained();
      assert.deepEqual(byLane(pair.receiver.received).get('bad'), [1, 3]);
      assert.deepEqual(byLane(pair.receiver.received).get('good'), [1, 2, 3]);
      const queue = await queueOf(outbox);
      assert.equal(queue?.dead_letter_count, 1);
      const [letter] = queue?.dead_letters ?? [];
      assert.equal(letter?.label, 'bad-request');
      assert.match(letter?.reason ?? '', /400 bad-request: number 2 is poison/);
      assert.equal(letter?.lane, 'bad');

      poisonous = false;
      const answer = await callRoute(outbox, 'POST /i/federation/queues/:domain/retry', {
        params: { domain: b },
      });
      assert.deepEqual(answer, { requeued: 1 });
      await outbox.drained();
      assert.deepEqual(byLane(pair.receiver.received).get('bad'), [1, 3, 2]);
      assert.equal(await queueOf(outbox), undefined);
    });

    it('R17: a lane whose notification fails with 500 waits, in order, and the others go on', async () => {
      await using pair = await openPair(dialect, { settings: { paces } });
      let broken = true;
      pair.receiver.judge = ({ lane }) => {
        if (broken && lane === 'bad') throw refuse('server-error');
      };
      await Promise.all([pair.sender.count('bad', 1, 5), pair.sender.count('good', 1, 20)]);
      await until(
        'the good lane to be through',
        () => byLane(pair.receiver.received).get('good')?.length === 20,
      );
      assert.equal(byLane(pair.receiver.received).get('bad'), undefined);
      const queue = await until('the good lane to be out of the queue', async () => {
        const shown = await queueOf(pair.sender.outbox);
        return shown?.depth === 5 ? shown : undefined;
      });
      assert.equal(queue?.last_error?.label, 'server-error');
      assert.equal(queue?.dead_letter_count, 0);
      broken = false;
      await pair.sender.outbox.drained();
      assert.deepEqual(byLane(pair.receiver.received).get('bad'), upTo(5));
      assert.deepEqual(byLane(pair.receiver.received).get('good'), upTo(20));
    });

    it('one slow notification holds up its lane only', async () => {
      await using pair = await openPair(dialect, { receiver: { settings: { bundleAnswerMs: 20 } } });
      const slow = Promise.withResolvers<void>();
      pair.receiver.judge = async ({ lane, number }) => {
        if (lane === 'slow' && number === 1) await slow.promise;
      };
      await Promise.all([pair.sender.count('slow', 1, 3), pair.sender.count('quick', 1, 50)]);
      await until(
        'the quick lane to be through',
        () => byLane(pair.receiver.received).get('quick')?.length === 50,
      );
      assert.equal(byLane(pair.receiver.received).get('slow'), undefined);
      slow.resolve();
      await pair.sender.outbox.drained();
      assert.deepEqual(byLane(pair.receiver.received).get('slow'), [1, 2, 3]);
    });

    const denials = {
      'our own policy': () => refuse('federation-denied'),
      "the remote's policy": () =>
        remoteError(400, { code: 400, label: 'federation-denied', message: 'not in the allow list' }),
      'a limit of the remote': () => remoteError(429, { code: 429, label: 'too-many-requests', message: '' }),
      "a remote's ingress without its backend": () =>
        remoteError(502, { code: 502, label: 'unknown-error', message: '<html>Bad Gateway</html>' }),
      "a page of a remote's ingress": () =>
        remoteError(400, { code: 400, label: 'unknown-error', message: '<html>no certificate</html>' }),
    };
    for (const [what, refusal] of Object.entries(denials))
      it(`what ${what} refuses waits until it is allowed`, async () => {
        await using pair = await openPair(dialect, { settings: { paces } });
        let denied = true;
        pair.wire.refusal = () => (denied ? refusal() : undefined);
        await pair.sender.count('l', 1, 3);
        const queue = await until('the remote to wait', async () => {
          const shown = await queueOf(pair.sender.outbox);
          return shown?.last_error === undefined ? undefined : shown;
        });
        assert.equal(queue.depth, 3);
        assert.equal(queue.dead_letter_count, 0);
        denied = false;
        await pair.sender.outbox.drained();
        assertEachOnceInOrder(pair.receiver, ['l'], 3);
      });

    it('R27: waits for a remote that speaks none of our versions, and says so', async () => {
      await using pair = await openPair(dialect, { settings: { paces }, receiver: { versions: [7] } });
      await pair.sender.count('l', 1, 3);
      const queue = await until('the remote to wait', async () => {
        const shown = await queueOf(pair.sender.outbox);
        return shown?.last_error === undefined ? undefined : shown;
      });
      assert.equal(queue.last_error?.label, 'federation-version-error');
      assert.match(queue.last_error?.message ?? '', /too new: it speaks \[7\]/);
      assert.equal(queue.depth, 3);
      pair.receiver.versions = [1, 7];
      await pair.sender.outbox.drained();
      assertEachOnceInOrder(pair.receiver, ['l'], 3);
    });

    it('goes on with a remote that came back without bundles, and with one that came back with them', async () => {
      await using pair = await openPair(dialect, { settings: { paces } });
      await pair.sender.count('l', 1, 3);
      await pair.sender.outbox.drained();
      await using other = await openReceiver({ url: await dialect.freshUrl(), crosswire: false });
      pair.wire.connect(b, other.dispatcher);
      await Promise.all([pair.sender.count('l', 4, 6), pair.sender.count('m', 1, 3)]);
      await pair.sender.outbox.drained();
      assert.deepEqual(byLane(other.received).get('l'), [4, 5, 6]);
      assert.deepEqual(byLane(other.received).get('m'), [1, 2, 3]);
      for (const lane of ['n', 'o']) {
        await Promise.all([pair.sender.count(lane, 1, 3), pair.sender.count(`${lane}2`, 1, 3)]);
        await pair.sender.outbox.drained();
      }
      const bundles = other.requests.filter(({ rpc }) => rpc === 'deliver-notifications');
      assert.ok(bundles.length <= 1, `it was sent ${bundles.length} bundles`);
    });

    it('gives up what was not delivered in time, and forgets what was received long ago', async () => {
      let now = Date.now();
      await using pair = await openPair(dialect, { now: () => now, connected: false });
      const { outbox } = pair.sender;
      await pair.sender.count('l', 1, 3);
      await until('the remote to wait', async () => (await queueOf(outbox))?.last_error !== undefined);
      await outbox.clean();
      assert.equal((await queueOf(outbox))?.depth, 3);
      now += 30 * 86_400_000 + 1;
      await pair.sender.count('l', 4, 4);
      await until('the old ones to be set aside', async () => {
        await outbox.clean();
        return (await queueOf(outbox))?.dead_letter_count === 3;
      });
      const queue = await queueOf(outbox);
      assert.deepEqual(new Set(queue?.dead_letters.map(({ label }) => label)), new Set(['expired']));
      assert.equal(queue?.depth, 1);
      pair.wire.connect(b, pair.receiver.dispatcher);
      outbox.contact(b);
      await outbox.drained();
      assert.deepEqual(pair.receiver.received, [{ lane: 'l', number: 4 }]);
    });

    it('drops dead letters, or the whole queue, when an operator says so', async () => {
      await using pair = await openPair(dialect, { settings: { paces }, connected: false });
      const { outbox } = pair.sender;
      await Promise.all([pair.sender.count('l', 1, 3), pair.sender.count('m', 1, 3)]);
      const request = (what: string) => ({ params: { domain: b }, query: { what } });
      const path = 'DELETE /i/federation/queues/:domain';
      assert.deepEqual(await callRoute(outbox, path, request('dead-letters')), {
        dead_letters: 0,
        notifications: 0,
      });
      assert.deepEqual(await callRoute(outbox, path, request('all')), { dead_letters: 0, notifications: 6 });
      await pair.sender.count('l', 7, 7);
      pair.wire.connect(b, pair.receiver.dispatcher);
      outbox.contact(b);
      await outbox.drained();
      assert.deepEqual(pair.receiver.received, [{ lane: 'l', number: 7 }]);
    });

    it('begins nothing more when it closes, and a later process goes on', async () => {
      await using stack = new AsyncDisposableStack();
      const receiver = stack.use(await openReceiver({ url: await dialect.freshUrl() }));
      const wire = new Wire();
      wire.connect(b, receiver.dispatcher);
      const url = await dialect.freshUrl();
      const lanes = upTo(5).map((n) => `lane:${n}`);
      const first = await openSender({ url, wire, settings: { concurrentBundles: 1, bundleRows: 4 } });
      const counting = Promise.all(lanes.map((lane) => first.count(lane, 1, 20)));
      await until('some to have arrived', () => receiver.received.length > 4);
      await counting;
      await first[Symbol.asyncDispose]();
      const sent = wire.sent.length;
      await using second = await openSender({ url, wire });
      await second.outbox.drained();
      assertEachOnceInOrder(receiver, lanes, 20);
      assert.ok(wire.sent.length >= sent);
    });

    it('keeps a window of a long queue in memory, and none of a lane that waits', async () => {
      const window = { rows: 32, characters: 100_000, rowsPerLane: 4, page: 8 };
      await using pair = await openPair(dialect, { connected: false, settings: { window, paces } });
      const { storage, outbox } = pair.sender;
      const lanes = upTo(30).map((n) => `lane:${n}`);
      let broken = true;
      pair.receiver.judge = ({ lane }) => {
        if (broken && lane === 'lane:1') throw refuse('server-error');
      };
      for (const number of upTo(20))
        await storage.work(async (work) => {
          for (const lane of lanes) await outbox.tell(work, [b], onNumberCounted, lane, { lane, number });
        });
      pair.wire.connect(b, pair.receiver.dispatcher);
      outbox.contact(b);
      await until('the other lanes to be through', () => pair.receiver.received.length === 29 * 20);
      broken = false;
      await outbox.drained();
      assertEachOnceInOrder(pair.receiver, lanes, 20);
    });
  });
