import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Type } from 'typebox';
import type { BackendDomain } from '#contract/ids.ts';
import type { ErrorBody } from '#contract/refusal.ts';
import { handle, route } from '#contract/route.ts';
import type { ComponentRequest, ComponentResponse } from '#contract/rpc-transport.ts';
import { type InternalListenerOptions, openGateway, openInternalListener } from '#gateway';

const remember = route('GET', '/i/remember', {
  about: 'Test.',
  auth: 'internal',
  query: { what: Type.String() },
  body: Type.Optional(Type.Object({ more: Type.String() })),
  answers: { 200: Type.Unknown() },
});
const own = route('GET', '/own', { about: 'Test.', auth: 'user', answers: { 200: null } });

const routes = [
  handle(remember, ({ query, body, version, requestId }) => ({
    status: 200,
    body: { what: query.what, more: body?.more, version, requestId },
  })),
  handle(own, () => ({ status: 200 })),
];

function open(options: Partial<InternalListenerOptions> = {}) {
  return openInternalListener({ listen: { host: '127.0.0.1', port: 0 }, routes, ...options });
}

describe('the operations listener', () => {
  test('status answers GET and HEAD without a body', async () => {
    await using listener = await open();
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(`${listener.url}/i/status`, { method });
      assert.equal(answer.status, 200);
      assert.equal(await answer.text(), '');
    }
  });

  test('metrics count what both listeners answered, under the declared paths only', async () => {
    await using listener = await open();
    await using gateway = await openGateway({
      listen: { host: '127.0.0.1', port: 0 },
      routes,
      verifyToken: () => undefined,
      ownDomain: 'a.example.com' as BackendDomain,
      federationEnabled: true,
    });
    for (const path of ['/own', '/made-up-by-a-caller', '/v5/own']) await fetch(`${gateway.url}${path}`);
    const answer = await fetch(`${listener.url}/i/metrics`, { headers: { accept: 'text/plain' } });
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const text = await answer.text();
    assert.match(
      text,
      /http_request_duration_seconds_count\{[^}]*listener="client",method="GET",route="\/own",status="401"\} 2/,
    );
    assert.match(text, /http_refusals_total\{listener="client",label="unauthorized"\} 2/);
    assert.doesNotMatch(text, /made-up/);
  });

  test('internal routes are served unversioned, also with a body on GET, and those of clients are not', async () => {
    await using listener = await open();
    const answer = await fetch(`${listener.url}/i/remember?what=x`, { headers: { 'request-id': 'trace-1' } });
    assert.deepEqual(await answer.json(), { what: 'x', version: 8, requestId: 'trace-1' });
    assert.equal((await fetch(`${listener.url}/own`)).status, 404);
    assert.equal((await fetch(`${listener.url}/v5/i/remember?what=x`)).status, 404);
    assert.equal((await fetch(`${listener.url}/federation/api-version`, { method: 'POST' })).status, 404);
  });
});

describe('federated calls from a federator in another process', () => {
  async function openServing(answer: (request: ComponentRequest) => ComponentResponse) {
    const seen: ComponentRequest[] = [];
    const listener = await open({
      serveFederation: {
        componentOf: (rpc) => (rpc === 'get-user-by-handle' ? 'brig' : undefined),
        transport: {
          async send(request) {
            seen.push(request);
            return answer(request);
          },
        },
        maxBodyBytes: 1000,
      },
    });
    const call = (rpc: string, headers: Record<string, string>, body = '"bob"') =>
      fetch(`${listener.url}/federation/${rpc}`, { method: 'POST', headers, body });
    return { listener, seen, call };
  }

  const headers = {
    'content-type': 'application/json',
    'wire-origin-domain': 'B.example.com',
    'request-id': 'trace-2',
    'x-wire-api-version': '1',
  };
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('the component of the name gets the request, its answer is passed on', async () => {
    const { listener, seen, call } = await openServing(() => ({
      status: 404,
      contentType: 'application/json',
      body: bytes('{"code":404}'),
    }));
    await using _ = listener;
    const answer = await call('get-user-by-handle', headers);
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.equal(await answer.text(), '{"code":404}');
    const [request] = seen;
    assert.equal(request?.component, 'brig');
    assert.equal(request?.originDomain, 'b.example.com');
    assert.equal(request?.requestId, 'trace-2');
    assert.equal(request?.version, '1');
    assert.equal(Buffer.from(request?.body ?? []).toString(), '"bob"');
  });

  test('a streamed answer arrives piece by piece, and breaks off when it fails', async () => {
    async function* pieces(fails: boolean) {
      yield bytes('one');
      yield bytes('two');
      if (fails) throw new Error('the store went away');
    }
    const { listener, call } = await openServing(({ version }) => ({
      status: 200,
      contentType: 'application/octet-stream',
      body: pieces(version === '0'),
    }));
    await using _ = listener;
    assert.equal(await (await call('get-user-by-handle', headers)).text(), 'onetwo');
    const failing = await call('get-user-by-handle', { ...headers, 'x-wire-api-version': '0' });
    await assert.rejects(failing.text());
  });

  test('unknown names, missing or bad origins and large bodies never reach a component', async () => {
    const { listener, seen, call } = await openServing(() => ({
      status: 200,
      contentType: undefined,
      body: bytes(''),
    }));
    await using _ = listener;
    const { 'wire-origin-domain': _origin, ...withoutOrigin } = headers;
    const refused: readonly [Response, number, string][] = [
      [await call('no-such-rpc', headers), 404, 'no-endpoint'],
      [await call('get-user-by-handle', withoutOrigin), 400, 'no-origin-domain'],
      [
        await call('get-user-by-handle', { ...headers, 'wire-origin-domain': 'b' }),
        400,
        'domain-parse-error',
      ],
      [await call('get-user-by-handle', headers, 'x'.repeat(1001)), 413, 'body-too-large'],
    ];
    for (const [answer, status, label] of refused) {
      assert.equal(answer.status, status);
      assert.equal(((await answer.json()) as ErrorBody).label, label);
    }
    assert.deepEqual(seen, []);
  });
});
