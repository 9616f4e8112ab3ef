import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  type NetworkBackend,
  openNetwork,
  request,
  type TestNetwork,
  type TestUser,
  until,
} from '#testkit';
import { multipart } from '../contract/assets-rig.ts';

/*
 * Bob at b uploads, Alice at a downloads: through both federators, streamed. The bytes that come are all of them or the
 * answer is broken off, whatever happens in between.
 */

const size = 20 * 1024 * 1024;

describe('assets of another backend', () => {
  let network: TestNetwork;
  let a: NetworkBackend;
  let b: NetworkBackend;
  let alice: TestUser;
  let bob: TestUser;
  before(async () => {
    network = await openNetwork({ backends: 2 });
    a = network.backend(0);
    b = network.backend(1);
    alice = await createUser(a, { name: 'Alice' });
    bob = await createUser(b, { name: 'Bob' });
  });
  after(() => network[Symbol.asyncDispose]());

  interface Uploaded {
    readonly key: string;
    readonly token: string;
  }

  async function upload(bytes: Buffer, settings: object = {}): Promise<Uploaded> {
    const answer = await fetch(`${b.clientApi}/v5/assets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bob.token}`, 'content-type': 'multipart/mixed; boundary=frontier' },
      body: new Uint8Array(multipart(bytes, settings)),
    });
    assert.equal(answer.status, 201);
    return (await answer.json()) as Uploaded;
  }

  /** The answer as soon as its head is there; its body is read by who wants it. */
  async function download({ key, token }: Partial<Uploaded>): Promise<IncomingMessage> {
    const asked = httpRequest(`${a.clientApi}/v5/assets/${b.domain}/${key}`, {
      headers: {
        authorization: `Bearer ${alice.token}`,
        ...(token === undefined ? {} : { 'asset-token': token }),
      },
      agent: false,
    });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return answer;
  }

  const askFor = (key: string, token?: string, method = 'GET') =>
    alice.send(`/assets/${b.domain}/${key}`, {
      method,
      headers: token === undefined ? {} : { 'asset-token': token },
    });

  it('arrive whole: 20 MB with the same hash', async () => {
    const bytes = randomBytes(size);
    const answer = await download(await upload(bytes));
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.headers['content-type'], 'application/octet-stream');
    assert.equal(answer.headers['content-disposition'], 'attachment');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    const hash = createHash('sha256');
    for await (const chunk of answer) hash.update(chunk);
    assert.equal(hash.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
  });

  it('are opened by their token alone, not by being the owner somewhere', async () => {
    const closed = await upload(Buffer.from('closed'));
    const open = await upload(Buffer.from('open'), { public: true });
    assert.equal((await askFor(closed.key, closed.token)).body, 'closed');
    assert.equal((await askFor(open.key)).body, 'open');
    const head = await askFor(open.key, undefined, 'HEAD');
    assert.deepEqual([head.status, head.body], [200, '']);
    const unknown = '3-2-00000000-0000-4000-8000-000000000000';
    for (const [key, token] of [
      [closed.key, undefined],
      [closed.key, 'wrong'],
      [closed.key, 'no base64!'],
      [open.key, 'any'],
      [unknown, undefined],
    ] as const)
      for (const method of ['GET', 'HEAD'])
        assert.equal((await askFor(key, token, method)).status, 404, `${key} ${token}`);
    const removed = await askFor(open.key, undefined, 'DELETE');
    assert.deepEqual([removed.status, removed.get('label')], [500, 'federation-not-implemented']);
    await bob.send(`/assets/${b.domain}/${open.key}`, { method: 'DELETE' });
    assert.equal((await askFor(open.key)).get('label'), 'not-found');
  });

  it('are asked for by RPCs that believe nothing but key and token', async () => {
    const { key, token } = await upload(Buffer.from('bytes'));
    const ask = (rpc: string, body: unknown) =>
      request(`${a.outward}/rpc/${b.domain}/cargohold/${rpc}`, {
        body,
        headers: { 'wire-origin-domain': a.domain },
      });
    const available = async (body: unknown) => (await ask('get-asset', body)).get('available');
    assert.equal(await available({ user: alice.id, key, token }), true);
    assert.equal(await available({ user: bob.id, key, token: null }), false);
    assert.equal(await available({ user: bob.id, key }), false);
    const streamed = await ask('stream-asset', { user: alice.id, key, token });
    assert.deepEqual([streamed.status, streamed.body], [200, 'bytes']);
    assert.equal(streamed.headers.get('content-type'), 'application/octet-stream');
    const inner = async (body: unknown) => {
      const { code, label } = (await ask('stream-asset', body)).get('inner') as {
        code: number;
        label: string;
      };
      return [code, label];
    };
    assert.deepEqual(await inner({ user: bob.id, key, token: 'x' }), [404, 'not-found']);
    for (const bad of [
      null,
      {},
      { user: 'x', key, token },
      { user: bob.id, key: '../x', token },
      { user: bob.id, key, token: 1 },
    ])
      assert.deepEqual(await inner(bad), [400, 'bad-request'], JSON.stringify(bad));
  });

  it('of a backend that is unknown or down are refused with its failure', async () => {
    const key = '3-2-00000000-0000-4000-8000-000000000000';
    const unknown = await alice.send(`/assets/nowhere.example.com/${key}`);
    assert.deepEqual([unknown.status, unknown.get('label')], [422, 'invalid-domain']);
  });

  it('are read no further when the client goes away', async () => {
    const answer = await download(await upload(randomBytes(size)));
    await once(answer, 'readable');
    answer.read();
    assert.ok((await openFiles(b)) >= 1, 'the file is open while it is streamed');
    answer.destroy();
    await until('the file to be closed', async () => (await openFiles(b)) === 0);
  });

  it('wait for a client that does not read, without filling memory', async () => {
    const uploaded = await upload(randomBytes(size));
    const before = await residentBytes(a);
    const answers = await Promise.all(Array.from({ length: 8 }, () => download(uploaded)));
    await Promise.all(answers.map((answer) => once(answer, 'readable')));
    assert.ok((await openFiles(b)) >= 1, 'b has not sent all of it');
    const more = (await residentBytes(a)) - before;
    assert.ok(more < 8 * 10 * 1024 * 1024, `${more} bytes more`);
    for (const answer of answers) answer.destroy();
    await until('every file to be closed', async () => (await openFiles(b)) === 0);
  });

  it('all begin at once, also when there are a hundred', async () => {
    const uploaded = await upload(randomBytes(size));
    const answers = await Promise.all(Array.from({ length: 100 }, () => download(uploaded)));
    try {
      assert.deepEqual(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]));
      await Promise.all(answers.map((answer) => once(answer, 'readable')));
    } finally {
      for (const answer of answers) answer.destroy();
    }
  });

  it('leave room for other calls, also when many flow at full speed', async () => {
    const uploaded = await upload(randomBytes(size));
    let isOver = false;
    const flowing = Array.from({ length: 60 }, async () => {
      await (await download(uploaded)).resume().toArray();
      isOver = true;
    });
    await until('all of them to be open', async () => (await openFiles(b)) >= 60);
    const answer = await request(`${a.clientApi}/v5/assets/${b.domain}/${uploaded.key}`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${alice.token}`, 'asset-token': uploaded.token },
    });
    assert.equal(answer.status, 200);
    assert.equal(isOver, false, 'it was answered before the first of them was through');
    await Promise.all(flowing);
  });

  it('that nobody reads on hold up neither other downloads nor other calls to their backend', async () => {
    const bytes = randomBytes(size);
    const uploaded = await upload(bytes);
    const stalled = await Promise.all(Array.from({ length: 20 }, () => download(uploaded)));
    try {
      for (const answer of stalled) answer.pause();
      const whole = Buffer.concat(await (await download(uploaded)).toArray());
      assert.ok(whole.equals(bytes));
      const found = await alice.search(bob.name, b.domain);
      assert.equal(found.status, 200);
    } finally {
      for (const answer of stalled) answer.destroy();
    }
  });

  it("are let go when the downloader's backend is killed in the middle, and can be had from it again", async () => {
    const bytes = randomBytes(size);
    const uploaded = await upload(bytes);
    const answer = await download(uploaded);
    await once(answer, 'readable');
    assert.ok((await openFiles(b)) >= 1, 'the file is open while it is streamed');
    await network.kill(a);
    await assert.rejects(answer.toArray());
    await until('the file to be closed', async () => (await openFiles(b)) === 0);
    await network.start(a);
    const again = await download(uploaded);
    assert.equal(again.statusCode, 200);
    assert.ok(Buffer.concat(await again.toArray()).equals(bytes));
  });

  it('break off when their backend is killed in the middle, and never end short', async () => {
    const bytes = randomBytes(size);
    const uploaded = await upload(bytes);
    const answer = await download(uploaded);
    assert.equal(answer.statusCode, 200);
    await once(answer, 'readable');
    await network.kill(b);
    let received = 0;
    await assert.rejects(async () => {
      for await (const chunk of answer) received += (chunk as Buffer).length;
    });
    assert.ok(received < size);
    assert.equal(answer.complete, false);
    await network.start(b);
    const whole = await until('b to be found again', async () => {
      const again = await download(uploaded);
      return again.statusCode === 200 ? Buffer.concat(await again.toArray()) : void again.resume();
    });
    assert.ok(whole.equals(bytes));
  });
});

describe('assets of another backend, with federators that are processes of their own', () => {
  it('arrive whole, and are closed to a wrong token', async () => {
    await using network = await openNetwork({ backends: 2, roleSplit: true });
    const [a, b] = [network.backend(0), network.backend(1)];
    const [alice, bob] = await Promise.all([
      createUser(a, { name: 'Alice' }),
      createUser(b, { name: 'Bob' }),
    ]);
    const bytes = randomBytes(3_000_000);
    const made = await fetch(`${b.clientApi}/v5/assets`, {
      method: 'POST',
      headers: { authorization: `Bearer ${bob.token}`, 'content-type': 'multipart/mixed' },
      body: new Uint8Array(multipart(bytes)),
    });
    const { key, token } = (await made.json()) as { readonly key: string; readonly token: string };
    const ask = (assetToken: string) =>
      fetch(`${a.clientApi}/v5/assets/${b.domain}/${key}`, {
        headers: { authorization: `Bearer ${alice.token}`, 'asset-token': assetToken },
      });
    const found = await ask(token);
    assert.equal(found.status, 200);
    assert.ok(Buffer.from(await found.arrayBuffer()).equals(bytes));
    assert.equal((await ask('wrong')).status, 404);
  });
});

/** Assets that a backend has open, as Linux tells. */
async function openFiles({ pids }: NetworkBackend): Promise<number> {
  const folder = `/proc/${pids[0]}/fd`;
  const links = await Promise.allSettled((await readdir(folder)).map((fd) => readlink(join(folder, fd))));
  return links.filter((link) => link.status === 'fulfilled' && link.value.includes('/objects/')).length;
}

async function residentBytes({ pids }: NetworkBackend): Promise<number> {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(await readFile(`/proc/${pids[0]}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
