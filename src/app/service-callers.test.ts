import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { CallService } from '#contract/service-caller.ts';
import { openTestService, type TestService } from '#testkit';
import { parseConfig } from './config.ts';
import { createBotServiceCaller, createLegalholdCaller } from './service-callers.ts';

const names = 'domain: a.example.com\ninfrastructureDomain: wire.a.example.com\n';
const loopbackIsOpen = 'services: { egress: { allow: [127.0.0.0/8] } }\n';

for (const [whose, create] of [
  ['services with bots', createBotServiceCaller],
  ['legal hold services', createLegalholdCaller],
] as const)
  describe(`calls of ${whose}`, () => {
    let service: TestService;
    before(async () => {
      service = await openTestService();
    });
    after(() => service[Symbol.asyncDispose]());

    function callerOf(extra: string): CallService {
      return create(parseConfig('x.yaml', names + extra, { directory: '/', environment: {} }));
    }
    const post = (call: CallService, baseUrl = service.url) =>
      call({
        method: 'POST',
        baseUrl,
        path: '/x',
        keys: [createPublicKey(service.publicKey)],
        token: 't',
        body: '{}',
      });

    it('reach the path behind that of the service, with its token', async () => {
      service.answer = () => ({ status: 201, body: { ok: true } });
      const answer = await post(callerOf(loopbackIsOpen));
      assert.deepEqual(answer, { reached: true, status: 201, body: Buffer.from('{"ok":true}') });
      assert.deepEqual(service.calls.at(-1), { path: '/api/x', authorization: 'Bearer t', body: {} });
    });

    it('go nowhere that the rules forbid', async () => {
      const count = service.calls.length;
      for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]']) {
        const answer = await post(callerOf(''), service.url.replace('127.0.0.1', host));
        assert.match(answer.reached ? '' : answer.reason, /may not be called.*services\.egress\.allow/);
      }
      assert.equal(service.calls.length, count);
    });

    it('never go to a listener of this backend, also where the range is open', async () => {
      const { port } = new URL(service.url);
      const own = `listen: { client: { host: 127.0.0.1, port: ${port} } }\n`;
      const count = service.calls.length;
      const answer = await post(callerOf(loopbackIsOpen + own));
      assert.match(answer.reached ? '' : answer.reason, /is a listener of this backend itself/);
      assert.equal(service.calls.length, count);
    });

    it('take no endless answers', async () => {
      const call = callerOf(loopbackIsOpen);
      service.answer = () => ({ status: 200, body: 'x'.repeat(1024 * 1024 - 2) });
      assert.ok((await post(call)).reached);
      service.answer = () => ({ status: 200, body: 'x'.repeat(1024 * 1024) });
      const answer = await post(call);
      assert.match(answer.reached ? '' : answer.reason, /longer than/);
    });
  });
