import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { until } from '#testkit';
import {
  type AssetRig,
  alice,
  bob,
  domain,
  eve,
  multipart,
  openAssetRig,
  type RigOptions,
} from './assets-rig.ts';

/*
 * Uploads and downloads of one backend, over real HTTP and a real folder: what is obeyed, what is refused with which
 * label, and that whatever is refused leaves neither a file nor a row.
 */

const maxBytes = 300_000;
const hello = 'hello world';
const helloMd5 = createHash('md5').update(hello).digest();

/** A database that is there while the suite runs; its URL, or none for a file of the rig's own. */
export interface SuiteDatabase extends AsyncDisposable {
  readonly url?: string;
}

export function assetsSuite(name: string, openDatabase: () => Promise<SuiteDatabase>): void {
  describe(`assets of this backend on ${name}`, () => assetTests(openDatabase));
}

function assetTests(openDatabase: () => Promise<SuiteDatabase>): void {
  let database: SuiteDatabase;
  let rig: AssetRig;
  const open = (options: RigOptions) => openAssetRig({ ...options, database: database.url });
  before(async () => {
    database = await openDatabase();
    rig = await open({ settings: { maxBytes } });
  });
  after(async () => {
    await rig[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const pathOf = (key: unknown, at: string = domain) => `/v5/assets/${at}/${key}`;

  it('come back as they were uploaded, with what a browser needs to leave them alone', async () => {
    const bytes = randomBytes(250_000);
    const made = await rig.upload(bytes);
    assert.equal(made.status, 201, made.body.toString());
    assert.match(String(made.get('key')), /^3-2-[0-9a-f-]{36}$/);
    assert.match(String(made.get('token')), /^[\w-]{22}==$/);
    assert.equal(made.get('expires'), undefined);
    assert.equal(made.headers.location, `assets/v4/${domain}/${made.get('key')}`);
    const token = String(made.get('token'));
    for (const [user, headers, query] of [
      [alice, {}, ''],
      [bob, { 'asset-token': token }, ''],
      [bob, {}, `?asset_token=${encodeURIComponent(token)}`],
      [bob, { 'asset-token': token }, '?asset_token=wrong'],
    ] as const) {
      const found = await rig.send(pathOf(made.get('key')) + query, { user, headers });
      assert.equal(found.status, 200);
      assert.ok(found.body.equals(bytes));
      assert.equal(found.headers['content-type'], 'application/octet-stream');
      assert.equal(found.headers['content-length'], String(bytes.length));
      assert.equal(found.headers.etag, `"${createHash('md5').update(bytes).digest('hex')}"`);
      assert.equal(found.headers['x-content-type-options'], 'nosniff');
      assert.equal(found.headers['content-disposition'], 'attachment');
      assert.match(String(found.headers['content-security-policy']), /sandbox/);
    }
    const head = await rig.send(pathOf(made.get('key')), { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers['content-length'], head.body.length], [200, '250000', 0]);
  });

  it('are answered in ranges, and not at all when the client has them', async () => {
    const key = (await rig.upload(hello, { public: true })).get('key');
    const etag = `"${helloMd5.toString('hex')}"`;
    const ask = (headers: Readonly<Record<string, string>>) => rig.send(pathOf(key), { user: bob, headers });
    for (const [range, status, text, contentRange] of [
      ['bytes=0-4', 206, 'hello', 'bytes 0-4/11'],
      ['bytes=6-', 206, 'world', 'bytes 6-10/11'],
      ['bytes=-5', 206, 'world', 'bytes 6-10/11'],
      ['bytes=0-99', 206, hello, 'bytes 0-10/11'],
      ['bytes=4-2', 200, hello, undefined],
      ['bytes=0-1,3-4', 200, hello, undefined],
      ['lines=0-1', 200, hello, undefined],
    ] as const) {
      const found = await ask({ range });
      assert.deepEqual(
        [found.status, found.body.toString(), found.headers['content-range']],
        [status, text, contentRange],
        range,
      );
    }
    const none = await ask({ range: 'bytes=11-' });
    assert.deepEqual([none.status, none.headers['content-range']], [416, 'bytes */11']);
    assert.equal((await ask({ range: 'bytes=0-4', 'if-range': etag })).status, 206);
    assert.equal((await ask({ range: 'bytes=0-4', 'if-range': '"other"' })).status, 200);
    const known = await ask({ 'if-none-match': `"other", ${etag}` });
    assert.deepEqual([known.status, known.body.length], [304, 0]);
    assert.equal((await ask({ 'if-none-match': '"other"' })).status, 200);
  });

  it('live as long as their retention says', async () => {
    const day = 86_400_000;
    for (const [retention, number, days] of [
      ['eternal', 1, undefined],
      ['persistent', 2, undefined],
      ['volatile', 3, 28],
      ['eternal-infrequent_access', 4, undefined],
      ['expiring', 5, 365],
    ] as const) {
      const made = await rig.upload(hello, { retention });
      assert.ok(String(made.get('key')).startsWith(`3-${number}-`), retention);
      const expires = made.get('expires');
      if (days === undefined) assert.equal(expires, undefined);
      else assert.ok(Math.abs(Date.parse(String(expires)) - Date.now() - days * day) < day / 24);
      const files = (await rig.files()).length;
      rig.clock.later = 366 * day;
      const late = await rig.send(pathOf(made.get('key')));
      assert.equal(late.status, days === undefined ? 200 : 404);
      await rig.cargohold.sweep();
      rig.clock.later = 0;
      assert.equal((await rig.files()).length, days === undefined ? files : files - 1);
    }
  });

  it('are closed to wrong tokens, all with one answer', async () => {
    const closed = (await rig.upload(hello)).get('key');
    const open = (await rig.upload(hello, { public: true })).get('key');
    const unknown = '3-2-00000000-0000-4000-8000-000000000000';
    assert.equal((await rig.send(pathOf(open), { user: bob })).status, 200);
    for (const [key, token] of [
      [closed, undefined],
      [closed, ''],
      [closed, 'wrong'],
      [closed, 'A'.repeat(5000)],
      [open, 'any'],
      [unknown, undefined],
    ] as const) {
      const headers: Record<string, string> = token === undefined ? {} : { 'asset-token': token };
      const found = await rig.send(pathOf(key), { user: bob, headers });
      assert.deepEqual(
        [found.status, found.get('label'), found.get('message')],
        [404, 'not-found', 'Asset not found'],
      );
    }
  });

  it('have keys of one form, on which no path can be built', async () => {
    const key = String((await rig.upload(hello, { public: true })).get('key'));
    assert.equal((await rig.send(pathOf(key.toUpperCase()))).status, 200);
    for (const bad of [
      '..%2f..%2ftest.db',
      `..%2f${key}`,
      `${key}%2f..`,
      `${key}%0a`,
      key.replace('3-2', '3-6'),
      key.replace('3-2', '2-2'),
      key.slice(0, -1),
    ])
      assert.equal((await rig.send(pathOf(bad))).status, 404, bad);
    for (const bad of ['..', 'localhost', '%2e%2e%2f', 'a..b.example.com'])
      assert.equal((await rig.send(pathOf(key, bad))).status, 404, bad);
  });

  it('are changed by their owner only', async () => {
    const made = await rig.upload(hello);
    const key = made.get('key');
    const other = (path: string, method: string) => rig.send(path, { method, user: bob });
    for (const [path, method] of [
      [`/v5/assets/${key}/token`, 'POST'],
      [`/v5/assets/${key}/token`, 'DELETE'],
      [pathOf(key), 'DELETE'],
    ] as const) {
      const refused = await other(path, method);
      assert.deepEqual([refused.status, refused.get('label')], [403, 'unauthorised']);
      const unknown = await rig.send(path.replace(/3-2-.{8}/, '3-2-00000000'), { method });
      assert.deepEqual([unknown.status, unknown.get('label')], [404, 'not-found']);
    }
    const renewed = await rig.send(`/v5/assets/${key}/token`, { method: 'POST' });
    const token = String(renewed.get('token'));
    assert.notEqual(token, made.get('token'));
    const withToken = (value: unknown) =>
      rig.send(pathOf(key), { user: bob, headers: { 'asset-token': String(value) } });
    assert.equal((await withToken(made.get('token'))).status, 404);
    assert.equal((await withToken(token)).status, 200);
    assert.equal((await rig.send(`/v5/assets/${key}/token`, { method: 'DELETE' })).status, 200);
    assert.equal((await withToken(token)).status, 404);
    assert.equal((await rig.send(pathOf(key), { user: bob })).status, 200);
    const files = (await rig.files()).length;
    assert.equal((await rig.send(pathOf(key), { method: 'DELETE' })).status, 200);
    assert.equal((await rig.files()).length, files - 1);
    for (const method of ['GET', 'DELETE'])
      assert.equal((await rig.send(pathOf(key), { method })).status, 404);
  });

  it('of another backend cannot be deleted, nor read while federation is off', async () => {
    const key = (await rig.upload(hello)).get('key');
    const removed = await rig.send(pathOf(key, 'b.example.com'), { method: 'DELETE' });
    assert.deepEqual([removed.status, removed.get('label')], [500, 'federation-not-implemented']);
    const found = await rig.send(pathOf(key, 'b.example.com'));
    assert.equal(found.get('label'), 'federation-not-enabled');
  });

  it('have their old paths in versions 0 and 1 only', async () => {
    const made = await rig.send('/assets/v3', { method: 'POST', body: multipart(hello) });
    assert.equal(made.status, 201);
    const key = made.get('key');
    for (const path of [`/assets/v3/${key}`, `/v1/assets/v4/${domain}/${key}`]) {
      assert.equal((await rig.send(path)).body.toString(), hello, path);
      assert.equal((await rig.send(path, { method: 'HEAD' })).headers['content-length'], '11');
      assert.equal((await rig.send(`/v2${path.replace(/^\/v1/, '')}`)).status, 404);
    }
    assert.equal((await rig.send('/v1/assets', { method: 'POST', body: multipart(hello) })).status, 404);
    assert.equal((await rig.send('/v2/assets/v3', { method: 'POST', body: multipart(hello) })).status, 404);
    assert.equal((await rig.send(`/assets/v3/${key}/token`, { method: 'POST' })).status, 200);
    assert.equal((await rig.send(`/assets/v3/${key}/token`, { method: 'DELETE' })).status, 200);
    assert.equal((await rig.send(`/assets/v3/${key}`, { method: 'DELETE' })).status, 200);
    assert.equal((await rig.send(`/v1/assets/v4/${domain}/${key}`, { method: 'DELETE' })).status, 404);
  });

  const good = multipart(hello).toString();
  const withoutEnd = good.slice(0, -'\r\n--frontier--\r\n'.length);
  const file = `Content-Type: application/octet-stream\r\nContent-Length: 11`;
  const settings = `Content-Type: application/json\r\nContent-Length: 2`;

  for (const [what, body] of [
    ['a line end at first', `\r\n${good}`],
    ['line ends of LF', good.replaceAll('\r\n', '\n')],
    ['no line end at last', good.slice(0, -2)],
    ['names of headers in lower case', good.replaceAll('Content', 'content')],
    ['other separators than announced', good.replaceAll('frontier', 'x')],
    ['the right MD5', multipart(hello, {}, helloMd5.toString('base64')).toString()],
    ['settings of null', multipart(hello, { public: null, retention: null }).toString()],
    ['unknown settings', multipart(hello, { convId: 'x' }).toString()],
  ] as const)
    it(`takes an upload with ${what}`, async () => {
      const made = await rig.send('/v5/assets', { method: 'POST', body });
      assert.equal(made.status, 201, made.body.toString());
      assert.equal((await rig.send(pathOf(made.get('key')))).body.toString(), hello);
    });

  for (const [what, body, status, label] of [
    ['nothing in it', '', 400, 'client-error'],
    ['no separator', good.replace('--frontier\r\n', ''), 400, 'client-error'],
    ['no second separator', good.replace('{}\r\n--frontier', '{}\r\n'), 400, 'client-error'],
    ['no second part', good.slice(0, good.indexOf('{}') + 4), 400, 'client-error'],
    ['no length of the settings', good.replace('Content-Length: 2\r\n', ''), 400, 'client-error'],
    ['no type of the settings', good.replace('Content-Type: application/json\r\n', ''), 400, 'client-error'],
    ['settings of another type', good.replace('application/json', 'text/plain'), 400, 'client-error'],
    ['settings that are no JSON', multipart(hello, '{').toString(), 400, 'client-error'],
    ['settings that are no object', multipart(hello, '[1]').toString(), 400, 'client-error'],
    ['an unknown retention', multipart(hello, { retention: 'long' }).toString(), 400, 'client-error'],
    ['public of another type', multipart(hello, { public: 'yes' }).toString(), 400, 'client-error'],
    ['settings shorter than they are', good.replace('Length: 2', 'Length: 1'), 400, 'client-error'],
    ['settings longer than they are', good.replace('Length: 2', 'Length: 9'), 400, 'client-error'],
    ['huge settings', good.replace('Length: 2', 'Length: 99999999'), 400, 'client-error'],
    ['negative settings', good.replace('Length: 2', 'Length: -2'), 400, 'client-error'],
    ['a header twice', good.replace(settings, `${settings}\r\nContent-Length: 2`), 400, 'client-error'],
    ['an unknown header', good.replace(file, `${file}\r\nX-Odd: 1`), 400, 'client-error'],
    ['MD5 among the settings', good.replace(settings, `${settings}\r\nContent-MD5: x`), 400, 'client-error'],
    ['a header without name', good.replace(file, `${file}\r\n: 1`), 400, 'client-error'],
    ['a folded header', good.replace(file, `${file}\r\n  folded`), 400, 'client-error'],
    ['a header without end', good.replace(file, `Content-Type: ${'x'.repeat(9000)}`), 400, 'client-error'],
    [
      'no type of the file',
      good.replace('Content-Type: application/octet-stream\r\n', ''),
      400,
      'client-error',
    ],
    ['a type that is none', good.replace('application/octet-stream', 'bytes'), 400, 'client-error'],
    ['no length of the file', good.replace('Content-Length: 11\r\n', ''), 400, 'client-error'],
    ['a length in words', good.replace('Length: 11', 'Length: many'), 400, 'client-error'],
    ['length 0', multipart('').toString(), 400, 'invalid-length'],
    ['a negative length', good.replace('Length: 11', 'Length: -11'), 400, 'invalid-length'],
    ['one byte more than is allowed', multipart('x'.repeat(maxBytes + 1)).toString(), 413, 'client-error'],
    ['1 GB announced', good.replace('Length: 11', 'Length: 1000000000'), 413, 'client-error'],
    ['more announced than there is', good.replace('Length: 11', 'Length: 2000'), 400, 'client-error'],
    ['less announced than there is', good.replace('Length: 11', 'Length: 10'), 400, 'client-error'],
    ['its end missing', withoutEnd, 400, 'client-error'],
    ['its end cut', good.slice(0, -5), 400, 'client-error'],
    ['its file cut', withoutEnd.slice(0, -3), 400, 'client-error'],
    [
      'a third part',
      `${withoutEnd}\r\n--frontier\r\n${file}\r\n\r\n${hello}\r\n--frontier--`,
      400,
      'client-error',
    ],
    ['something after its end', `${good}more`, 400, 'client-error'],
    [
      'a wrong MD5',
      multipart(hello, {}, Buffer.alloc(16).toString('base64')).toString(),
      400,
      'client-error',
    ],
    ['an MD5 of another form', multipart(hello, {}, 'x').toString(), 400, 'client-error'],
  ] as const)
    it(`refuses an upload with ${what}, and keeps nothing of it`, async () => {
      const [files, rows] = [await rig.files(), await rig.rows()];
      for (const chunked of [false, true]) {
        const refused = await rig.send('/v5/assets', { method: 'POST', body, chunked });
        assert.deepEqual([refused.status, refused.get('label')], [status, label], refused.body.toString());
      }
      assert.deepEqual([await rig.files(), await rig.rows()], [files, rows]);
    });

  it('refuses an upload of another type, encoding or account', async () => {
    const post = (headers: Readonly<Record<string, string>>, user = alice) =>
      rig.send('/v5/assets', { method: 'POST', user, body: good, headers });
    for (const type of ['multipart/form-data; boundary=frontier', 'application/json', 'multipart/mixedx'])
      assert.equal((await post({ 'content-type': type })).status, 415, type);
    assert.equal((await post({ 'content-encoding': 'gzip' })).get('label'), 'unsupported-content-encoding');
    const suspended = await post({}, eve);
    assert.deepEqual([suspended.status, suspended.get('label')], [403, 'unverified-user']);
  });

  it('keeps nothing of an upload whose client goes away, or is too slow', async () => {
    const [files, rows] = [await rig.files(), await rig.rows()];
    const { hostname, port } = new URL(rig.url);
    for (const ends of [true, false]) {
      const socket = connect(Number(port), hostname);
      const head = `POST /v5/assets HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${alice}\r\ncontent-type: multipart/mixed`;
      socket.write(`${head}\r\ncontent-length: 100000\r\n\r\n`);
      socket.write(multipart('x'.repeat(90_000)).subarray(0, 50_000));
      await until('the upload to be under way', async () => (await rig.files()).length > files.length);
      const answered = new Promise<string>((resolve) =>
        socket.once('data', (chunk) => resolve(chunk.toString())),
      );
      if (ends) socket.destroy();
      else assert.match(await answered, /^HTTP\/1\.1 408 .*request-timeout/s);
      await until('nothing to be left', async () => (await rig.files()).length === files.length);
      socket.destroy();
    }
    assert.equal(await rig.rows(), rows);
  });

  it('refuses what does not fit onto the disk before it is written', async () => {
    await using full = await open({ reserveBytes: Number.MAX_SAFE_INTEGER });
    const known = await full.rows();
    const refused = await full.upload(hello);
    assert.deepEqual([refused.status, refused.get('label')], [507, 'storage-full']);
    assert.deepEqual([await full.files(), await full.rows()], [[], known]);
  });

  describe('of a user who may keep 1,000 bytes', () => {
    const user = randomUUID();
    let small: AssetRig;
    before(async () => {
      small = await open({ settings: { maxBytes, quotaBytes: 1_000 } });
    });
    after(() => small[Symbol.asyncDispose]());
    const upload = (bytes: number) => small.upload('x'.repeat(bytes), {}, user);

    it('are taken up to that, refused beyond, and leave room again when they are deleted', async () => {
      const first = await upload(600);
      assert.equal(first.status, 201);
      const refused = await upload(401);
      assert.deepEqual([refused.status, refused.get('label')], [413, 'asset-quota-exceeded']);
      assert.match(String(refused.get('message')), /401 bytes, and there is room for 400 bytes/);
      assert.equal((await upload(400)).status, 201);
      assert.equal((await small.send(pathOf(first.get('key')), { method: 'DELETE', user })).status, 200);
      assert.equal((await upload(600)).status, 201);
      assert.equal((await upload(1)).status, 413);
    });

    it('take no more together than there is, however many come at once', async () => {
      const other = randomUUID();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => small.upload('x'.repeat(300), {}, other)),
      );
      const stored = answers.filter(({ status }) => status === 201);
      assert.equal(stored.length, 3);
      assert.ok(answers.every(({ status }) => status === 201 || status === 413));
    });

    it('count no longer when they have expired', async () => {
      const other = randomUUID();
      const volatile = { retention: 'volatile' };
      assert.equal((await small.upload('x'.repeat(1_000), volatile, other)).status, 201);
      assert.equal((await small.upload('x', {}, other)).status, 413);
      small.clock.later += 40 * 86_400_000;
      await small.cargohold.sweep();
      assert.equal((await small.upload('x', {}, other)).status, 201);
      small.clock.later = 0;
    });
  });
}
