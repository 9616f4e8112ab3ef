import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createEgressRules } from '#federator';
import { createKey, openTestService, type TestService } from '#testkit';
import { createPinnedHttps } from './pinned-https.ts';

const onLoopback = createEgressRules({ allow: ['127.0.0.0/8'] });
const call = createPinnedHttps({ egress: onLoopback, timeoutMs: 5_000 });
const post = { method: 'POST', path: '/x', headers: { authorization: 'Bearer t' }, body: '{}' } as const;
const never = new AbortController().signal;

describe('calls with a pinned key', () => {
  let service: TestService;
  before(async () => {
    service = await openTestService();
  });
  after(() => service[Symbol.asyncDispose]());
  const target = (publicKeys = [service.publicKey]) => ({ baseUrl: service.url, publicKeys });

  test('reach the path behind that of the service, with its token', async () => {
    service.answer = () => ({ status: 201, body: { ok: true } });
    const answer = await call(target(), post, never);
    assert.deepEqual([answer.status, answer.body.toString()], [201, '{"ok":true}']);
    assert.deepEqual(service.calls.at(-1), { path: '/api/x', authorization: 'Bearer t', body: {} });
  });

  test('take any of the keys that are known, and say nothing to another', async () => {
    const other = createKey('RSA-2048').publicKey.export({ format: 'pem', type: 'spki' }).toString();
    assert.equal((await call(target([other, service.publicKey]), post, never)).status, 201);
    const count = service.calls.length;
    await assert.rejects(call(target([other]), post, never), /another key/);
    await assert.rejects(call(target([]), post, never), /another key/);
    assert.equal(service.calls.length, count);
  });

  test('go nowhere that the rules forbid', async () => {
    const strict = createPinnedHttps({ egress: createEgressRules({ setting: 'x.allow' }), timeoutMs: 5_000 });
    await assert.rejects(strict(target(), post, never), /may not be called.*x\.allow/);
  });

  test('do not follow redirects, and take no endless answers', async () => {
    service.answer = () => ({ status: 302 });
    assert.equal((await call(target(), post, never)).status, 302);
    service.answer = () => ({ status: 200, body: 'x'.repeat(1024 * 1024) });
    await assert.rejects(call(target(), post, never), /longer than/);
  });

  test('end after their time, and when they are not wanted any more', async () => {
    const { promise, resolve } = Promise.withResolvers<{ readonly status: number }>();
    service.answer = () => promise;
    const hasty = createPinnedHttps({ egress: onLoopback, timeoutMs: 50 });
    await assert.rejects(hasty(target(), post, never));
    const controller = new AbortController();
    const cut = call(target(), post, controller.signal);
    controller.abort();
    await assert.rejects(cut, { name: 'AbortError' });
    resolve({ status: 200 });
  });
});
