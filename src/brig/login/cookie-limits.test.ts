import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CookieRow } from '#storage';
import { cookiesToEvict, throttleSeconds } from './cookie-limits.ts';

function cookie(id: number, createdSeconds: number, successor: number | null = null): CookieRow {
  return {
    user_id: 'u',
    id,
    type: 'persistent',
    created_at: createdSeconds * 1000,
    expires_at: Number.MAX_SAFE_INTEGER,
    label: null,
    successor,
    client_id: null,
  };
}

describe('cookie limits', () => {
  it('evict nothing while there is room for one more', () => {
    assert.deepEqual(cookiesToEvict(3, [cookie(1, 1), cookie(2, 2)]), []);
  });

  it('evict the superseded before the oldest, and as many as make room', () => {
    const cookies = [cookie(1, 1), cookie(2, 2), cookie(3, 3, 4), cookie(4, 4)];
    const ids = (limit: number) => cookiesToEvict(limit, cookies).map(({ id }) => id);
    assert.deepEqual(ids(4), [3]);
    assert.deepEqual(ids(3), [3, 1]);
    assert.deepEqual(ids(2), [3, 1, 2]);
  });

  const throttle = { minDeviationSeconds: 5, retryAfterSeconds: 3 };

  it('make a login wait when cookies came too close together', () => {
    assert.equal(throttleSeconds(throttle, [cookie(1, 100), cookie(2, 101)], 102_000), 2);
  });

  it('let it pass when the wait is over', () => {
    assert.equal(throttleSeconds(throttle, [cookie(1, 100), cookie(2, 101)], 104_000), undefined);
  });

  it('let it pass when the cookies are spread wide enough', () => {
    assert.equal(throttleSeconds(throttle, [cookie(1, 100), cookie(2, 120)], 121_000), undefined);
  });
});
