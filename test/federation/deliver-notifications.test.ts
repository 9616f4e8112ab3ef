import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type Bundle, type BundledNotification, maxBundleRows } from '#contract/federation/outbox.ts';
import { parseBackendDomain } from '#contract/ids.ts';
import type { ErrorBody } from '#contract/refusal.ts';
import { refuse } from '#contract/refusal.ts';
import { a, byLane, openDialects, openReceiver, type Receiver, type ReceiverOptions } from './outbox-rig.ts';

/** The bundle RPC: each notification in it passes what a request of its own would, and is answered by itself. */

const opened = openDialects();
after(() => opened[Symbol.asyncDispose]());
const [sqlite] = opened.dialects;
const evil = parseBackendDomain('evil.example.com') ?? a;

async function open(options: Partial<ReceiverOptions> = {}): Promise<Receiver> {
  return openReceiver({ url: (await sqlite?.freshUrl()) ?? '', ...options });
}

function counted(
  lane: string,
  number: number,
  change: Partial<BundledNotification> = {},
): BundledNotification {
  const body = JSON.stringify({ lane, number });
  return { id: `${lane}-${number}`, lane, component: 'galley', rpc: 'on-number-counted', body, ...change };
}

/** Sends a bundle as the federator hands it over. */
async function send(receiver: Receiver, bundle: unknown, from = a, version = '1') {
  const answer = await receiver.dispatcher.send({
    component: 'brig',
    rpc: 'deliver-notifications',
    originDomain: from,
    requestId: 'r-1',
    version,
    body: Buffer.from(typeof bundle === 'string' ? bundle : JSON.stringify(bundle)),
    signal: new AbortController().signal,
  });
  const text = Buffer.from(answer.body as Uint8Array).toString();
  return { status: answer.status, body: JSON.parse(text) as ErrorBody & { results: { outcome: string }[] } };
}

const bundle = (...notifications: BundledNotification[]): Bundle => ({ notifications });
const outcomes = ({ body }: Awaited<ReturnType<typeof send>>) => body.results.map(({ outcome }) => outcome);

for (const together of [false, true])
  describe(together ? 'a bundle for an RPC that is handled together' : 'a bundle', () => {
    it('answers each notification by itself, and one that fails stops its lane only', async () => {
      await using receiver = await open({ together });
      receiver.judge = ({ lane, number }) => {
        if (lane === 'bad' && number === 2) throw refuse('bad-request');
      };
      const sent = bundle(
        counted('bad', 1),
        counted('good', 1),
        counted('bad', 2),
        counted('bad', 3),
        counted('good', 2),
      );
      const answer = await send(receiver, sent);
      assert.deepEqual(outcomes(answer), ['done', 'done', 'refused', 'skipped', 'done']);
      assert.deepEqual(byLane(receiver.received).get('bad'), [1]);
      assert.deepEqual(byLane(receiver.received).get('good'), [1, 2]);
    });

    it('takes a notification once, in one bundle, in two, and beside its plain request', async () => {
      await using receiver = await open({ together });
      const one = counted('l', 1);
      assert.deepEqual(outcomes(await send(receiver, bundle(one, one))), ['done', 'done']);
      assert.deepEqual(outcomes(await send(receiver, bundle(one))), ['done']);
      await receiver.dispatcher.send({
        component: 'galley',
        rpc: 'on-number-counted',
        originDomain: a,
        requestId: 'r-2',
        version: '1',
        deliveryId: one.id,
        body: Buffer.from(one.body),
        signal: new AbortController().signal,
      });
      assert.deepEqual(receiver.received, [{ lane: 'l', number: 1 }]);
    });
  });

describe('notifications of one lane and RPC that follow each other', () => {
  it('are taken in one unit of work, lanes side by side', async () => {
    await using receiver = await open({ together: true });
    const sent = bundle(counted('l', 1), counted('l', 2), counted('m', 1), counted('l', 3));
    assert.deepEqual(outcomes(await send(receiver, sent)), ['done', 'done', 'done', 'done']);
    assert.deepEqual(receiver.units.toSorted(), [1, 3]);
    assert.deepEqual(byLane(receiver.received).get('l'), [1, 2, 3]);
  });

  it('are taken one by one when one of them fails, up to that one', async () => {
    await using receiver = await open({ together: true });
    receiver.judge = ({ number }) => {
      if (number === 3) throw refuse('bad-request');
    };
    const sent = bundle(counted('l', 1), counted('l', 2), counted('l', 3), counted('l', 4));
    assert.deepEqual(outcomes(await send(receiver, sent)), ['done', 'done', 'refused', 'skipped']);
    assert.deepEqual(receiver.units, [1, 1]);
    assert.deepEqual(byLane(receiver.received).get('l'), [1, 2]);
  });

  it('are none of them taken before one that is malformed has been refused', async () => {
    await using receiver = await open({ together: true });
    const sent = bundle(counted('l', 1, { body: '{' }), counted('l', 2));
    assert.deepEqual(outcomes(await send(receiver, sent)), ['refused', 'skipped']);
    assert.deepEqual(receiver.received, []);
  });

  it('are not taken beyond what no unit of work should be longer than', async () => {
    await using receiver = await open({ together: true });
    const sent = bundle(...Array.from({ length: 100 }, (_, number) => counted('l', number)));
    assert.ok(outcomes(await send(receiver, sent)).every((outcome) => outcome === 'done'));
    assert.deepEqual(receiver.units, [64, 36]);
  });

  it('are all pending when the answer is due, and done when they come again', async () => {
    await using receiver = await open({ together: true, settings: { bundleAnswerMs: 20 } });
    const hanging = Promise.withResolvers<void>();
    receiver.judge = () => hanging.promise;
    const sent = bundle(counted('l', 1), counted('l', 2));
    assert.deepEqual(outcomes(await send(receiver, sent)), ['pending', 'pending']);
    hanging.resolve();
    assert.deepEqual(outcomes(await send(receiver, sent)), ['done', 'done']);
    assert.deepEqual(byLane(receiver.received).get('l'), [1, 2]);
  });
});

it('an id of one backend says nothing of the same id of another', async () => {
  await using receiver = await open();
  await send(receiver, bundle(counted('l', 1)), evil);
  await send(receiver, bundle(counted('l', 1)), a);
  assert.equal(receiver.received.length, 2);
});

it('hands handlers the admitted origin, whatever the bundle says, and the version of the request', async () => {
  await using receiver = await open();
  const seen: unknown[] = [];
  receiver.judge = (_, { origin, version, deliveryId, requestId }) =>
    void seen.push({ origin, version, deliveryId, requestId });
  const claiming = { ...counted('l', 1), originDomain: a, origin: a, 'wire-origin-domain': a };
  const older = counted('m', 1, { body: JSON.stringify({ cLane: 'm', cNumber: 1 }), requestId: 'theirs' });
  await send(receiver, { notifications: [claiming], originDomain: a }, evil);
  await send(receiver, bundle(older), evil, '0');
  assert.deepEqual(seen, [
    { origin: evil, version: 1, deliveryId: 'l-1', requestId: 'r-1' },
    { origin: evil, version: 0, deliveryId: 'm-1', requestId: 'theirs' },
  ]);
});

it('lets nothing in but queued RPCs: no question, no bundle in a bundle, no unknown one', async () => {
  await using receiver = await open();
  const inner = JSON.stringify(bundle(counted('l', 1)));
  const answer = await send(
    receiver,
    bundle(
      counted('1', 1, { component: 'brig', rpc: 'api-version', body: '[]' }),
      counted('2', 1, { component: 'brig', rpc: 'deliver-notifications', body: inner }),
      counted('3', 1, { component: 'brig' }),
      counted('4', 1, { rpc: 'no-such' }),
    ),
  );
  for (const result of answer.body.results)
    assert.deepEqual(
      { ...result, message: '' },
      { outcome: 'refused', code: 404, label: 'no-endpoint', message: '' },
    );
  assert.deepEqual(receiver.received, []);
});

const malformed: Readonly<Record<string, unknown>> = {
  'no JSON': '{"notifications":',
  nothing: '',
  'a list': [],
  'no notifications': {},
  'an empty bundle': { notifications: [] },
  'too many': { notifications: Array.from({ length: maxBundleRows + 1 }, (_, n) => counted('l', n)) },
  'an id with a slash': bundle(counted('l', 1, { id: 'a/b' })),
  'an empty id': bundle(counted('l', 1, { id: '' })),
  'a long id': bundle(counted('l', 1, { id: 'x'.repeat(65) })),
  'no lane': bundle(counted('l', 1, { lane: '' })),
  'a long lane': bundle(counted('l', 1, { lane: 'x'.repeat(257) })),
  'an RPC with a path': bundle(counted('l', 1, { rpc: '../on-number-counted' })),
  'another component': bundle(counted('l', 1, { component: 'cannon' as 'brig' })),
  'a body that is an object': bundle(counted('l', 1, { body: {} as string })),
  'a request id with a line end': bundle(counted('l', 1, { requestId: 'a\nb' })),
};
for (const [what, sent] of Object.entries(malformed))
  it(`refuses a bundle with ${what} as a whole`, async () => {
    await using receiver = await open();
    const { status, body } = await send(receiver, sent);
    assert.equal(status, 400);
    assert.equal(body.label, 'bad-request');
    assert.deepEqual(receiver.received, []);
  });

it('refuses a notification whose body is malformed, and takes the others', async () => {
  await using receiver = await open();
  const answer = await send(
    receiver,
    bundle(counted('1', 1, { body: '{' }), counted('2', 1, { body: '{"lane":7}' }), counted('3', 1)),
  );
  assert.deepEqual(outcomes(answer), ['refused', 'refused', 'done']);
});

it('answers in time when one notification hangs, and begins nothing after that', async () => {
  await using receiver = await open({ together: false, settings: { bundleAnswerMs: 20 } });
  const hanging = Promise.withResolvers<void>();
  receiver.judge = ({ lane }) => (lane === 'slow' ? hanging.promise : undefined);
  const answer = await send(receiver, bundle(counted('slow', 1), counted('slow', 2), counted('quick', 1)));
  assert.deepEqual(outcomes(answer), ['pending', 'skipped', 'done']);
  hanging.resolve();
  const again = await send(receiver, bundle(counted('slow', 1), counted('slow', 2)));
  assert.deepEqual(outcomes(again), ['done', 'done']);
  assert.deepEqual(byLane(receiver.received).get('slow'), [1, 2]);
});
