import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Work } from '#storage';
import { ExactCache } from './exact-cache.ts';

/** A unit of work of which only the commit matters. */
function unitOfWork(): { readonly work: Work; commit(): void } {
  const effects: (() => void)[] = [];
  return {
    work: { onCommit: (effect: () => void) => effects.push(effect) } as unknown as Work,
    commit: () => {
      for (const effect of effects) effect();
    },
  };
}

/** A value that counts how often it is read. */
function counted(value: string) {
  const state = { value, reads: 0 };
  const load = async () => {
    state.reads += 1;
    return state.value;
  };
  return { state, load };
}

function openCache(maxWeight = 100, now = () => 0) {
  return new ExactCache<string>(maxWeight, (value) => value.length, now);
}

describe('values in memory', () => {
  it('are read once while nothing changes', async () => {
    const cache = openCache();
    const { state, load } = counted('old');
    assert.equal(await cache.find('k', load), 'old');
    assert.equal(await cache.find('k', load), 'old');
    assert.equal(state.reads, 1);
  });

  it('are read once for all who ask at the same time', async () => {
    const cache = openCache();
    const { state, load } = counted('old');
    await Promise.all(Array.from({ length: 10 }, () => cache.find('k', load)));
    assert.equal(state.reads, 1);
  });

  it('are not given out while a unit of work changes them, and are read again after its commit', async () => {
    const cache = openCache();
    const { state, load } = counted('old');
    await cache.find('k', load);
    const unit = unitOfWork();
    cache.change(unit.work, 'k');
    assert.equal(cache.peek('k'), undefined);
    assert.equal(await cache.find('k', load), 'old', 'what is committed');
    assert.equal(cache.peek('k'), undefined, 'but not kept');
    state.value = 'new';
    unit.commit();
    assert.equal(await cache.find('k', load), 'new');
    assert.equal(cache.peek('k'), 'new');
  });

  it('are not kept when they were read before a commit and arrive after it', async () => {
    const cache = openCache();
    const slow = Promise.withResolvers<string>();
    const reading = cache.find('k', () => slow.promise);
    const unit = unitOfWork();
    cache.change(unit.work, 'k');
    unit.commit();
    slow.resolve('old');
    assert.equal(await reading, 'old');
    assert.equal(cache.peek('k'), undefined);
    assert.equal(await cache.find('k', async () => 'new'), 'new');
  });

  it('wait for every unit of work that changes them', async () => {
    const cache = openCache();
    const [first, second] = [unitOfWork(), unitOfWork()];
    cache.change(first.work, 'k');
    cache.change(second.work, 'k');
    first.commit();
    await cache.find('k', async () => 'between');
    assert.equal(cache.peek('k'), undefined);
    second.commit();
    await cache.find('k', async () => 'after');
    assert.equal(cache.peek('k'), 'after');
  });

  it('are kept again when a unit of work that was to change them never commits', async () => {
    let now = 0;
    const cache = openCache(100, () => now);
    cache.change(unitOfWork().work, 'k');
    await cache.find('k', async () => 'same');
    assert.equal(cache.peek('k'), undefined);
    now = 60_001;
    await cache.find('k', async () => 'same');
    assert.equal(cache.peek('k'), 'same');
  });

  it('stay in memory over a commit that says what they will be', async () => {
    const cache = openCache();
    const { state, load } = counted('old');
    await cache.find('k', load);
    const unit = unitOfWork();
    cache.change(unit.work, 'k', 'new');
    assert.equal(cache.peek('k'), undefined, 'nobody sees it before the commit');
    unit.commit();
    assert.equal(cache.peek('k'), 'new');
    assert.equal(state.reads, 1);
  });

  it('are read again after a commit that has changed them further than it said', async () => {
    for (const further of [undefined, 'newer']) {
      const cache = openCache();
      const unit = unitOfWork();
      cache.change(unit.work, 'k', 'new');
      cache.change(unit.work, 'k', further);
      unit.commit();
      assert.equal(cache.peek('k'), undefined);
      assert.equal(await cache.find('k', async () => 'newest'), 'newest');
      assert.equal(cache.peek('k'), 'newest');
    }
  });

  it('are not kept over a commit while another unit of work changes them', async () => {
    const cache = openCache();
    const [first, second] = [unitOfWork(), unitOfWork()];
    cache.change(first.work, 'k', 'first');
    cache.change(second.work, 'k');
    first.commit();
    assert.equal(cache.peek('k'), undefined);
    second.commit();
    assert.equal(cache.peek('k'), undefined);
  });

  it('are bounded: those not used for longest go', async () => {
    const cache = openCache(10);
    for (const key of ['one', 'two', 'three']) await cache.find(key, async () => '4444');
    assert.equal(cache.size, 2);
    assert.equal(cache.peek('one'), undefined);
    await cache.find('huge', async () => 'x'.repeat(11));
    assert.equal(cache.peek('huge'), undefined);
    assert.equal(cache.size, 2);
  });

  it('are not kept when reading fails or finds nothing', async () => {
    const cache = openCache();
    await assert.rejects(
      cache.find('k', () => Promise.reject(new Error('away'))),
      /away/,
    );
    assert.equal(await cache.find('k', async () => undefined), undefined);
    assert.equal(await cache.find('k', async () => 'there'), 'there');
  });
});
