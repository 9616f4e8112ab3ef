import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { describe, it } from 'node:test';
import { openLegalholdService } from '#testkit';
import { createPinnedCaller } from './pinned-call.ts';
import type { EgressCheck } from './pinned-session.ts';

const anywhere: EgressCheck = () => undefined;

function caller(mayConnect = anywhere, maxAnswerBytes = 10_000) {
  return createPinnedCaller({ mayConnect, timeoutMs: 10_000, maxAnswerBytes });
}

describe('a pinned call', () => {
  it('reaches a service that has the key, with token and body', async () => {
    await using service = await openLegalholdService();
    const { base_url: baseUrl, public_key, auth_token: token } = service.settings;
    const keys = [createPublicKey(public_key)];
    const body = { some: 'thing' };
    const json = JSON.stringify(body);
    const answer = await caller()({ method: 'POST', baseUrl, path: '/remove', keys, token, body: json });
    assert.deepEqual(answer, { reached: true, status: 200, body: Buffer.from('{}') });
    assert.deepEqual(service.requests, [
      { method: 'POST', path: '/remove', authorization: `Bearer ${token}`, body },
    ]);
  });

  it('says nothing to a service with another key', async () => {
    await using service = await openLegalholdService();
    await using other = await openLegalholdService();
    const { base_url: baseUrl } = service.settings;
    const keys = [createPublicKey(other.settings.public_key)];
    const answer = await caller()({ method: 'GET', baseUrl, path: '/status', keys });
    assert.deepEqual(answer, {
      reached: false,
      reason: 'the service shows another key than the pinned one',
    });
    assert.deepEqual(service.requests, []);
  });

  it('says nothing where the certificate has expired', async () => {
    await using service = await openLegalholdService({ notAfter: new Date('2001-01-01') });
    const { base_url: baseUrl, public_key } = service.settings;
    const keys = [createPublicKey(public_key)];
    const answer = await caller()({ method: 'GET', baseUrl, path: '/status', keys });
    assert.match(answer.reached ? '' : answer.reason, /^the certificate is valid from /);
    assert.deepEqual(service.requests, []);
  });

  it('goes to no address that it may not connect to, however it is named', async () => {
    await using service = await openLegalholdService();
    const { base_url, public_key } = service.settings;
    const keys = [createPublicKey(public_key)];
    const seen: string[] = [];
    const nowhere: EgressCheck = ({ address }) => {
      seen.push(address);
      return `${address} is private`;
    };
    for (const host of ['127.0.0.1', 'localhost']) {
      const baseUrl = base_url.replace('127.0.0.1', host);
      const answer = await caller(nowhere)({ method: 'GET', baseUrl, path: '/status', keys });
      assert.match(answer.reached ? '' : answer.reason, /127\.0\.0\.1 is private/);
    }
    assert.ok(seen.length >= 2);
    assert.deepEqual(service.requests, []);
  });

  it('reads no answer that is too long', async () => {
    await using service = await openLegalholdService();
    const { base_url: baseUrl, public_key } = service.settings;
    const keys = [createPublicKey(public_key)];
    service.answer('/status', { status: 200, body: 'x'.repeat(100) });
    const answer = await caller(anywhere, 50)({ method: 'GET', baseUrl, path: '/status', keys });
    assert.deepEqual(answer, { reached: false, reason: 'the answer is longer than 50 bytes' });
  });

  it('tells of a service that is not there', async () => {
    const service = await openLegalholdService();
    const { base_url: baseUrl, public_key } = service.settings;
    await service[Symbol.asyncDispose]();
    const keys = [createPublicKey(public_key)];
    const answer = await caller()({ method: 'GET', baseUrl, path: '/status', keys });
    assert.match(answer.reached ? '' : answer.reason, /ECONNREFUSED/);
  });
});
