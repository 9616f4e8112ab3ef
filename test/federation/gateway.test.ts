import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { Script } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { Type } from 'typebox';
import { getApiVersion } from '#contract/client/api-version.ts';
import type { BackendDomain } from '#contract/ids.ts';
import {
  handle,
  type Route,
  type RouteHandler,
  type RouteRequest,
  route,
  type ServedRoute,
} from '#contract/route.ts';
import type { VerifiedToken } from '#contract/verified-token.ts';
import { type GatewayOptions, openGateway } from '#gateway';
import { setLogLevel } from '#telemetry';

const token: VerifiedToken = {
  type: 'a',
  userId: '0f4b5f1e-6f6c-4d0b-9d7e-3c1f5a2b7c11' as VerifiedToken['userId'],
  clientId: 'c1' as VerifiedToken['clientId'],
  connectionId: '17',
  expiresAt: -1,
};
const another: VerifiedToken = {
  ...token,
  userId: '2b9f3a54-93b1-4f2e-8a53-0c6f3b8f6f0e' as VerifiedToken['userId'],
};
const tokens: Readonly<Record<string, VerifiedToken>> = { good: token, another };

const whoAmI = route('GET', '/who', {
  about: 'Test.',
  auth: 'user',
  answers: { 200: Type.Unknown() },
});
const whoAmISince3 = route('GET', '/newer', {
  about: 'Test.',
  auth: 'anyone',
  versions: [3, 5],
  answers: { 200: Type.Integer() },
});
const echo = route('POST', '/echo', {
  about: 'Test.',
  auth: 'anyone',
  body: Type.Object({ text: Type.String() }),
  answers: { 200: Type.String() },
});
const bodiless = route('POST', '/bodiless', {
  about: 'Test.',
  auth: 'anyone',
  answers: { 200: Type.Unknown() },
});
const limited = route('POST', '/limited', {
  about: 'Test.',
  auth: 'anyone',
  limit: 'login',
  answers: { 200: null },
});
const upload = route('POST', '/upload', {
  about: 'Test.',
  auth: 'user',
  limit: 'upload',
  answers: { 200: null },
});
const internal = route('GET', '/i/secret', { about: 'Test.', auth: 'internal', answers: { 200: null } });

const baseRoutes: readonly ServedRoute[] = [
  handle(whoAmI, ({ user }) => ({ status: 200, body: user })),
  handle(whoAmISince3, ({ version }) => ({ status: 200, body: version })),
  handle(echo, ({ body }) => ({ status: 200, body: body.text })),
  handle(bodiless, ({ cookies, authorization }) => ({
    status: 200,
    headers: { 'set-cookie': 'zuid=next' },
    body: { cookies, authorization },
  })),
  handle(limited, () => ({ status: 200 })),
  handle(upload, () => ({ status: 200 })),
  handle(internal, () => ({ status: 200 })),
];

function open(options: Partial<GatewayOptions> = {}) {
  return openGateway({
    listen: { host: '127.0.0.1', port: 0 },
    routes: baseRoutes,
    verifyToken: (text) => tokens[text],
    ownDomain: 'a.example.com' as BackendDomain,
    federationEnabled: true,
    ...options,
  });
}

const json = { 'content-type': 'application/json' };

async function expectRefusal(answer: Response, status: number, label: string): Promise<void> {
  const body = (await answer.json()) as { code: number; label: string; message: string };
  assert.equal(answer.status, status, JSON.stringify(body));
  assert.equal(body.label, label);
  assert.equal(body.code, status);
}

describe('versions', () => {
  test('api-version tells what is on, with and without prefix and token', async () => {
    await using gateway = await open({ disabledVersions: ['v2', 'development'], federationEnabled: false });
    const expected = {
      supported: [0, 1, 3, 4, 5, 6, 7, 8],
      development: [],
      federation: false,
      domain: 'a.example.com',
    };
    for (const path of [getApiVersion.path, `/v5${getApiVersion.path}`]) {
      const answer = await fetch(`${gateway.url}${path}`);
      assert.equal(answer.status, 200);
      assert.deepEqual(await answer.json(), expected);
    }
    await expectRefusal(await fetch(`${gateway.url}/v2/api-version`), 404, 'unsupported-version');
  });

  test('a route answers in the versions of its range only', async () => {
    await using gateway = await open();
    for (const version of [3, 4]) {
      assert.equal(await (await fetch(`${gateway.url}/v${version}/newer`)).json(), version);
    }
    for (const prefix of ['', '/v0', '/v2', '/v5']) {
      await expectRefusal(await fetch(`${gateway.url}${prefix}/newer`), 404, 'no-endpoint');
    }
  });

  test('internal routes are not there for clients', async () => {
    await using gateway = await open();
    await expectRefusal(await fetch(`${gateway.url}/i/secret`), 404, 'no-endpoint');
    await expectRefusal(await fetch(`${gateway.url}/v5/i/secret`), 404, 'unsupported-version');
  });
});

describe('tokens', () => {
  test('the header or the query parameter says who calls, whatever other headers claim', async () => {
    await using gateway = await open();
    const expected = { userId: token.userId, clientId: 'c1', connectionId: '17' };
    const claims = { 'z-user': 'somebody', 'z-client': 'else', 'z-connection': '1' };
    const byHeader = await fetch(`${gateway.url}/v5/who`, {
      headers: { authorization: 'Bearer good', ...claims },
    });
    assert.deepEqual(await byHeader.json(), expected);
    const byQuery = await fetch(`${gateway.url}/v5/who?access_token=good`);
    assert.deepEqual(await byQuery.json(), expected);
    await expectRefusal(await fetch(`${gateway.url}/v5/who`, { headers: claims }), 401, 'unauthorized');
  });

  test('a route for anyone is given the header as it came and asks for no valid one', async () => {
    await using gateway = await open();
    const answer = await fetch(`${gateway.url}/bodiless`, {
      method: 'POST',
      headers: { authorization: 'Bearer stale', cookie: 'zuid=one; other="x"; zuid=two' },
    });
    assert.deepEqual(await answer.json(), {
      cookies: [
        { name: 'zuid', value: 'one' },
        { name: 'other', value: '"x"' },
        { name: 'zuid', value: 'two' },
      ],
      authorization: 'Bearer stale',
    });
    assert.deepEqual(answer.headers.getSetCookie(), ['zuid=next']);
  });
});

describe('bodies', () => {
  test('JSON is read plain, zipped, and with a charset, as official clients send it', async () => {
    await using gateway = await open();
    const text = JSON.stringify({ text: 'grüß' });
    const send = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
      fetch(`${gateway.url}/v5/echo`, { method: 'POST', body, headers });
    const official = { 'content-type': 'application/json;charset=UTF-8', 'content-encoding': 'gzip' };
    for (const answer of [await send(text, json), await send(Uint8Array.from(gzipSync(text)), official)]) {
      assert.equal(await answer.json(), 'grüß');
    }
    await expectRefusal(await send(text, official), 400, 'bad-request');
  });

  test('an empty body is fine under any content type where none is expected', async () => {
    await using gateway = await open();
    for (const type of [
      'application/json',
      'application/x-www-form-urlencoded',
      'application/json;charset=UTF-8',
    ]) {
      for (const headers of [
        { 'content-type': type },
        { 'content-type': type, 'content-encoding': 'gzip' },
      ]) {
        const answer = await fetch(`${gateway.url}/bodiless`, { method: 'POST', headers });
        assert.equal(answer.status, 200, type);
      }
    }
    await expectRefusal(
      await fetch(`${gateway.url}/v5/echo`, { method: 'POST', headers: json }),
      400,
      'bad-request',
    );
  });

  test('a refused body names the field, what was found and what was expected', async () => {
    await using gateway = await open();
    const answer = await fetch(`${gateway.url}/v5/echo`, {
      method: 'POST',
      headers: json,
      body: '{"text":7}',
    });
    const { message } = (await answer.json()) as { message: string };
    assert.match(message, /body\.text: must be string, found the number 7/);
  });

  test('a body that nobody reads leaves the connection usable', async () => {
    await using gateway = await open();
    using agent = new KeptAlive();
    const first = await agent.post(gateway.port, '/v5/nothing', 'x'.repeat(30_000));
    const second = await agent.post(gateway.port, '/v5/echo', '{"text":"still here"}');
    assert.equal(first.status, 404);
    assert.equal(second.body, '"still here"');
    assert.equal(second.port, first.port, 'the same connection');
  });
});

describe('pages on other origins', () => {
  const cors = { origins: ['https://app.example.com'] };

  test('a pre-flight is answered without a token, with what was asked for', async () => {
    await using gateway = await open({ cors });
    const answer = await fetch(`${gateway.url}/v5/who`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example.com', 'access-control-request-headers': 'x-custom' },
    });
    assert.equal(answer.status, 204);
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://app.example.com');
    assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
    assert.match(answer.headers.get('access-control-allow-methods') ?? '', /PUT, PATCH, DELETE/);
    assert.match(
      answer.headers.get('access-control-allow-headers') ?? '',
      /authorization.*tracestate.*x-custom/,
    );
  });

  test('answers and errors both carry the origin, for origins that may', async () => {
    await using gateway = await open({ cors });
    const origin = 'https://app.example.com';
    for (const path of ['/api-version', '/v5/who', '/v5/nothing', '/v99/self', '/%ff']) {
      const allowed = await fetch(`${gateway.url}${path}`, { headers: { origin } });
      assert.equal(allowed.headers.get('access-control-allow-origin'), origin, path);
      assert.match(allowed.headers.get('access-control-expose-headers') ?? '', /Request-Id/, path);
      const other = await fetch(`${gateway.url}${path}`, { headers: { origin: 'https://evil.example' } });
      assert.equal(other.headers.get('access-control-allow-origin'), null, path);
      assert.equal(other.headers.get('vary'), 'Origin', path);
    }
  });

  test('every answer forbids sniffing, has a request id and names no software', async () => {
    await using gateway = await open({ secure: true });
    for (const path of ['/api-version', '/v5/nothing']) {
      const { headers } = await fetch(`${gateway.url}${path}`);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      assert.match(headers.get('request-id') ?? '', /^[0-9a-f-]{36}$/);
      assert.match(headers.get('strict-transport-security') ?? '', /max-age/);
      assert.equal(headers.get('x-powered-by'), null);
      assert.equal(headers.get('server'), null);
    }
  });
});

describe('limits by address', () => {
  test('too many logins from one address are told when to come back', async () => {
    await using gateway = await open({ rates: { login: { burst: 2, perMinute: 1 } } });
    const post = () => fetch(`${gateway.url}/v5/limited`, { method: 'POST' });
    assert.deepEqual([(await post()).status, (await post()).status], [200, 200]);
    const refused = await post();
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
    await expectRefusal(refused, 429, 'client-error');
  });

  test('too many uploads of one user are refused, and another of the same address goes on', async () => {
    await using gateway = await open({ rates: { upload: { burst: 1, perMinute: 1 } } });
    const post = (token: string) =>
      fetch(`${gateway.url}/v5/upload`, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    assert.equal((await post('good')).status, 200);
    const refused = await post('good');
    assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
    await expectRefusal(refused, 429, 'too-many-requests');
    assert.equal((await post('another')).status, 200);
  });

  test('only the address that a trusted proxy names counts', async () => {
    const rates = { login: { burst: 1, perMinute: 1 } };
    const post = (url: string, address: string) =>
      fetch(`${url}/v5/limited`, { method: 'POST', headers: { 'x-forwarded-for': address } });
    await using believing = await open({ rates, trustedProxies: ['127.0.0.1'] });
    assert.equal((await post(believing.url, '192.0.2.1')).status, 200);
    assert.equal((await post(believing.url, '192.0.2.2')).status, 200);
    await using strict = await open({ rates });
    assert.equal((await post(strict.url, '192.0.2.1')).status, 200);
    assert.equal((await post(strict.url, '192.0.2.2')).status, 429);
  });
});

describe('documentation', () => {
  test('the description covers the routes of the version in the path, without internal ones', async () => {
    await using gateway = await open({ disabledVersions: ['v4'] });
    const pathsOf = async (prefix: string) => {
      const description = (await (await fetch(`${gateway.url}${prefix}/api/swagger.json`)).json()) as {
        openapi: string;
        info: { version: string };
        paths: object;
      };
      assert.equal(description.openapi, '3.1.0');
      return { version: description.info.version, paths: Object.keys(description.paths) };
    };
    const newest = await pathsOf('');
    assert.equal(newest.version, 'v8');
    assert.ok(newest.paths.includes('/echo') && newest.paths.includes('/api-version'));
    assert.ok(!newest.paths.includes('/newer') && !newest.paths.includes('/i/secret'));
    assert.ok((await pathsOf('/v4')).paths.includes('/newer'), 'also of a version that is off');
  });

  test('the page loads nothing from elsewhere', async () => {
    await using gateway = await open();
    const answer = await fetch(`${gateway.url}/api/swagger-ui`);
    const page = await answer.text();
    assert.match(answer.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(answer.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.doesNotMatch(page, /https?:\/\/|src=|@import/);
    assert.match(page, /<option value="v8" selected>/);
    const [, script = ''] = /<script>(.*)<\/script>/s.exec(page) ?? [];
    assert.ok(new Script(script), 'the script compiles');
    const hash = createHash('sha256').update(script).digest('base64');
    assert.ok(answer.headers.get('content-security-policy')?.includes(`script-src 'sha256-${hash}'`));
  });
});

describe('handlers', () => {
  const slow = route('GET', '/slow', { about: 'Test.', auth: 'anyone', answers: { 200: Type.String() } });
  const serving = (handler: RouteHandler<typeof slow>) => open({ routes: [handle(slow, handler)] });

  test('a bug is answered without any detail', async () => {
    setLogLevel('silent');
    await using gateway = await serving(() => {
      throw new Error('the database password is hunter2');
    });
    const answer = await fetch(`${gateway.url}/slow`);
    assert.equal(answer.status, 500);
    assert.deepEqual(await answer.json(), { code: 500, label: 'server-error', message: 'Server Error' });
    setLogLevel('info');
  });

  test('the signal aborts when the caller goes away', async () => {
    const started = Promise.withResolvers<RouteRequest<Route>>();
    await using gateway = await serving(async (request) => {
      started.resolve(request as RouteRequest<Route>);
      await once(request.signal, 'abort');
      return { status: 200, body: 'nobody reads this' };
    });
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    const { signal } = await started.promise;
    assert.equal(signal.aborted, false);
    const aborted = once(signal, 'abort');
    socket.destroy();
    await aborted;
  });

  test('an answer that the caller does not take is cut off', async () => {
    const big = route('GET', '/big', { about: 'Test.', auth: 'anyone', answers: { 200: Type.Unknown() } });
    const started = Promise.withResolvers<AbortSignal>();
    await using gateway = await open({
      limits: { stalledAnswerMs: 50 },
      routes: [
        handle(big, ({ signal }) => {
          started.resolve(signal);
          return { status: 200, body: Buffer.alloc(50 * 1024 * 1024) };
        }),
      ],
    });
    const socket = connect(gateway.port, '127.0.0.1').on('error', () => {});
    socket.pause();
    socket.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
    const signal = await started.promise;
    if (!signal.aborted) await once(signal, 'abort');
    socket.destroy();
  });

  test('a request that is being served is finished before the listener closes', async () => {
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const gateway = await serving(async () => {
      started.resolve();
      await finish.promise;
      return { status: 200, body: 'done' };
    });
    const answer = fetch(`${gateway.url}/slow`);
    await started.promise;
    const closed = gateway[Symbol.asyncDispose]();
    finish.resolve();
    assert.equal(await (await answer).json(), 'done');
    await closed;
    await assert.rejects(fetch(`${gateway.url}/slow`));
  });

  test('a request that does not end is cut off when the time to drain is over', async () => {
    const started = Promise.withResolvers<void>();
    const never = Promise.withResolvers<never>();
    const gateway = await open({
      limits: { drainMs: 20 },
      routes: [
        handle(slow, () => {
          started.resolve();
          return never.promise;
        }),
      ],
    });
    const answer = assert.rejects(fetch(`${gateway.url}/slow`));
    await started.promise;
    await gateway[Symbol.asyncDispose]();
    await answer;
  });
});

test('a port in use is one clear error', async () => {
  await using gateway = await open();
  await assert.rejects(open({ listen: { host: '127.0.0.1', port: gateway.port } }), {
    message: `cannot listen for client on 127.0.0.1:${gateway.port}: the port is in use`,
  });
});

test('a request to change protocols goes to who takes them, others are answered plainly', async () => {
  const upgrade = 'GET /await HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const firstLine = async (port: number) => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.write(upgrade);
    const [text] = (await once(socket, 'data')) as [string];
    socket.destroy();
    return text.split('\r\n')[0];
  };
  await using taking = await open({
    onUpgrade: (_request, socket) => socket.end('HTTP/1.1 101 Taken\r\n\r\n'),
  });
  assert.equal(await firstLine(taking.port), 'HTTP/1.1 101 Taken');
  await using plain = await open();
  assert.equal(await firstLine(plain.port), 'HTTP/1.1 404 Not Found');
});

/** Posts over one connection that is kept. */
class KeptAlive {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  async post(port: number, path: string, body: string) {
    const sent = httpRequest({
      port,
      path,
      agent: this.#agent,
      method: 'POST',
      host: '127.0.0.1',
      headers: json,
    });
    sent.end(body);
    const [answer] = await once(sent, 'response');
    let text = '';
    for await (const chunk of answer) text += chunk;
    return { status: answer.statusCode as number, body: text, port: sent.socket?.localPort };
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
