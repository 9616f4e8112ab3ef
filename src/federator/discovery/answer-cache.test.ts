import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refuse } from '#contract/refusal.ts';
import { AnswerCache, type Loaded } from './answer-cache.ts';

type Next = Loaded<string> | 'fails';

/** A cache with a clock that stands still, and a name server that says what the test put in `next`. */
function cacheWith(options: { staleSeconds?: number; maxEntries?: number } = {}) {
  const state = { seconds: 0, asked: 0, next: 'fails' as Next };
  const cache = new AnswerCache<string>({
    type: 'SRV',
    now: () => state.seconds * 1000,
    staleSeconds: options.staleSeconds ?? 0,
    maxEntries: options.maxEntries ?? 100,
    load: async () => {
      state.asked += 1;
      if (state.next === 'fails') throw refuse('discovery-failure');
      return state.next;
    },
  });
  return { cache, state };
}

function value(text: string, ttlSeconds: number): Loaded<string> {
  return { found: 'value', value: text, ttlSeconds, server: 'test', notes: [] };
}

function none(ttlSeconds: number): Loaded<string> {
  return { found: 'refusal', refuse: () => refuse('invalid-domain'), ttlSeconds };
}

const isNone = { label: 'invalid-domain' };
const isFailure = { label: 'discovery-failure' };

describe('a present answer', () => {
  test('serves until its TTL ends and not an instant longer', async () => {
    const { cache, state } = cacheWith();
    state.next = value('one', 60);
    assert.equal(await cache.find('k'), 'one');
    state.next = value('two', 60);
    state.seconds = 59.999;
    assert.equal(await cache.find('k'), 'one');
    assert.equal(cache.peek('k'), 'one');
    state.seconds = 60;
    assert.equal(cache.peek('k'), undefined);
    assert.equal(await cache.find('k'), 'two');
    assert.equal(state.asked, 2);
  });

  test('is the same promise for each hit', async () => {
    const { cache, state } = cacheWith();
    state.next = value('one', 60);
    await cache.find('k');
    assert.equal(cache.find('k'), cache.find('k'));
  });

  test('is never kept with TTL 0', async () => {
    const { cache, state } = cacheWith({ staleSeconds: 3600 });
    state.next = value('one', 0);
    assert.equal(await cache.find('k'), 'one');
    assert.equal(cache.peek('k'), undefined);
    assert.equal(cache.size, 0);
    state.next = 'fails';
    await assert.rejects(cache.find('k'), isFailure);
  });
});

describe('an absent answer', () => {
  test('refuses without asking until its TTL ends', async () => {
    const { cache, state } = cacheWith();
    state.next = none(30);
    await assert.rejects(cache.find('k'), isNone);
    state.next = value('one', 60);
    state.seconds = 29;
    await assert.rejects(cache.find('k'), isNone);
    assert.equal(state.asked, 1);
    state.seconds = 30;
    assert.equal(await cache.find('k'), 'one');
  });

  test('is not kept with TTL 0', async () => {
    const { cache, state } = cacheWith();
    state.next = none(0);
    await assert.rejects(cache.find('k'), isNone);
    await assert.rejects(cache.find('k'), isNone);
    assert.equal(state.asked, 2);
  });

  test('replaces an expired good answer: it is an answer, not a failure', async () => {
    const { cache, state } = cacheWith({ staleSeconds: 3600 });
    state.next = value('one', 10);
    await cache.find('k');
    state.seconds = 11;
    state.next = none(5);
    await assert.rejects(cache.find('k'), isNone);
    state.seconds = 20;
    state.next = 'fails';
    await assert.rejects(cache.find('k'), isFailure);
  });
});

describe('a stale answer', () => {
  test('serves while DNS fails, and DNS is asked again only after 30 seconds', async () => {
    const { cache, state } = cacheWith({ staleSeconds: 3600 });
    state.next = value('one', 10);
    await cache.find('k');
    state.next = 'fails';
    state.seconds = 10;
    assert.equal(await cache.find('k'), 'one');
    assert.equal((await cache.inspect('k')).source, 'stale');
    assert.equal(cache.peek('k'), undefined);
    state.seconds = 39.9;
    assert.equal(await cache.find('k'), 'one');
    assert.equal(state.asked, 2);
    state.seconds = 40;
    state.next = value('two', 10);
    assert.equal(await cache.find('k'), 'two');
    assert.equal(state.asked, 3);
  });

  test('ends after the configured time', async () => {
    const { cache, state } = cacheWith({ staleSeconds: 100 });
    state.next = value('one', 10);
    await cache.find('k');
    state.next = 'fails';
    state.seconds = 109;
    assert.equal(await cache.find('k'), 'one');
    state.seconds = 110;
    await assert.rejects(cache.find('k'), isFailure);
    assert.equal(cache.size, 0);
  });

  test('never serves when switched off', async () => {
    const { cache, state } = cacheWith({ staleSeconds: 0 });
    state.next = value('one', 10);
    await cache.find('k');
    state.next = 'fails';
    state.seconds = 10;
    await assert.rejects(cache.find('k'), isFailure);
  });

  test('does not hide a bug', async () => {
    const { cache, state } = cacheWith({ staleSeconds: 3600 });
    state.next = value('one', 10);
    await cache.find('k');
    state.seconds = 10;
    state.next = null as unknown as Next;
    await assert.rejects(cache.find('k'), TypeError);
  });
});

describe('asking', () => {
  test('is one query for all who ask at once, and its failure is not kept', async () => {
    const { cache, state } = cacheWith();
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => cache.find('k')));
    assert.ok(outcomes.every(({ status }) => status === 'rejected'));
    assert.equal(state.asked, 1);
    await assert.rejects(cache.find('k'), isFailure);
    assert.equal(state.asked, 2);
  });
});

describe('a full cache', () => {
  test('stays within its bound, and a flood of names does not push out what is in use', async () => {
    const { cache, state } = cacheWith({ maxEntries: 10 });
    state.next = value('one', 60);
    await cache.find('in use');
    state.next = none(60);
    for (let index = 0; index < 200; index += 1) {
      await assert.rejects(cache.find(`invented-${index}`), isNone);
      assert.equal(cache.peek('in use'), 'one');
      assert.ok(cache.size <= 10);
    }
  });
});
