import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserId } from '#contract/ids.ts';
import type { VerifiedToken } from '#contract/verified-token.ts';
import { cacheTokens } from './token-cache.ts';

function tokenUntil(expiresAt: number): VerifiedToken {
  return {
    type: 'a',
    userId: '4b8e1c26-0d4b-4a3e-9d0f-6f8c5f0b7a11' as UserId,
    clientId: undefined,
    connectionId: '1',
    expiresAt,
  };
}

test('a token is verified once while it is valid', () => {
  let verified = 0;
  const verify = cacheTokens(
    () => {
      verified += 1;
      return tokenUntil(100);
    },
    { maxTokens: 10, now: () => 99_000 },
  );
  assert.equal(verify('t')?.expiresAt, 100);
  assert.equal(verify('t')?.expiresAt, 100);
  assert.equal(verified, 1);
});

test('a remembered token is not believed after its expiry', () => {
  let now = 100_999;
  const valid = () => (now < 101_000 ? tokenUntil(100) : undefined);
  const verify = cacheTokens(valid, { maxTokens: 10, now: () => now });
  assert.ok(verify('t'), 'the second in which it expires still counts');
  now = 101_000;
  assert.equal(verify('t'), undefined);
});

test('a token without expiry stays remembered', () => {
  let verified = 0;
  const verify = cacheTokens(
    () => {
      verified += 1;
      return tokenUntil(-1);
    },
    { maxTokens: 10, now: () => 1e15 },
  );
  verify('t');
  verify('t');
  assert.equal(verified, 1);
});

test('a token that does not verify is asked again and pushes no other out', () => {
  const asked: string[] = [];
  const verify = cacheTokens(
    (text) => {
      asked.push(text);
      return text.startsWith('good') ? tokenUntil(-1) : undefined;
    },
    { maxTokens: 2, now: () => 0 },
  );
  for (const text of ['good', 'bad1', 'bad2', 'bad1', 'good']) verify(text);
  assert.deepEqual(asked, ['good', 'bad1', 'bad2', 'bad1']);
});

test('memory is bounded: the token unused for longest is forgotten', () => {
  const asked: string[] = [];
  const verify = cacheTokens(
    (text) => {
      asked.push(text);
      return tokenUntil(-1);
    },
    { maxTokens: 2, now: () => 0 },
  );
  for (const text of ['a', 'b', 'a', 'c', 'a', 'b']) verify(text);
  assert.deepEqual(asked, ['a', 'b', 'c', 'b']);
});
