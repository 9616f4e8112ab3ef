import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import {
  createAuthority,
  createKey,
  createSelfSigned,
  type IssuedCertificate,
  openPinnedServer,
  openTestService,
  type TestService,
} from '#testkit';
import { createPinnedCaller } from './pinned-call.ts';
import type { EgressCheck } from './pinned-session.ts';

const onLoopback: EgressCheck = ({ address }) =>
  address === '127.0.0.1' ? undefined : `${address} is not 127.0.0.1`;
const call = createPinnedCaller({ mayConnect: onLoopback, timeoutMs: 10_000, maxAnswerBytes: 10_000 });

describe('the keys of a service', () => {
  let service: TestService;
  before(async () => {
    service = await openTestService();
  });
  after(() => service[Symbol.asyncDispose]());
  const post = (...keys: readonly string[]) =>
    call({
      method: 'POST',
      baseUrl: service.url,
      path: '/x',
      keys: keys.map((pem) => createPublicKey(pem)),
      token: 't',
      body: '{}',
    });
  const otherKey = () => String(createKey('RSA-2048').publicKey.export({ format: 'pem', type: 'spki' }));

  it('may be several: any of them will do, and nothing is said to another', async () => {
    const other = otherKey();
    service.answer = () => ({ status: 201 });
    const answer = await post(other, service.publicKey);
    assert.equal(answer.reached && answer.status, 201);
    const count = service.calls.length;
    for (const keys of [[other], []]) {
      const refused = await post(...keys);
      assert.match(refused.reached ? '' : refused.reason, /another key/);
    }
    assert.equal(service.calls.length, count);
  });

  it('are looked at with each call, also when the last one was good', async () => {
    assert.ok((await post(service.publicKey)).reached);
    await service.stop();
    await service.start(createKey('RSA-2048'));
    const count = service.calls.length;
    const refused = await post(service.publicKey);
    assert.match(refused.reached ? '' : refused.reason, /another key/);
    assert.equal(service.calls.length, count);
  });
});

describe('the certificate of a service', () => {
  const authority = createAuthority({ commonName: 'An authority that somebody may trust' });
  const rsa = 'RSA-2048' as const;
  const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000);

  /** Calls a service that shows this; its host is named, as authorities vouch for names. */
  async function seen(certificate: IssuedCertificate) {
    const paths: string[] = [];
    await using server = await openPinnedServer(({ path }) => {
      paths.push(path);
      return { status: 200 };
    }, certificate);
    const keys = [createPublicKey(server.publicKey)];
    const baseUrl = `https://localhost:${server.port}`;
    const answer = await call({ method: 'GET', baseUrl, path: '/status', keys });
    assert.deepEqual(paths, answer.reached ? ['/status'] : []);
    return answer.reached ? 'taken' : answer.reason;
  }

  /** With the authority among those that this process trusts. */
  async function trusting<T>(run: () => Promise<T>): Promise<T> {
    const usual = getCACertificates('default');
    setDefaultCACertificates([...usual, authority.certificate]);
    try {
      return await run();
    } finally {
      setDefaultCACertificates(usual);
    }
  }

  it('may be signed by itself', async () => {
    assert.equal(await seen(createSelfSigned()), 'taken');
  });

  it('has to be valid now', async () => {
    const ended = createSelfSigned({ notAfter: new Date('2001-01-01') });
    assert.match(await seen(ended), /^the certificate is valid from /);
    const early = createAuthority({ key: rsa, notBefore: tomorrow });
    assert.match(await seen(early), /^the certificate is valid from /);
  });

  it('is not taken from an authority that is not trusted', async () => {
    const issued = authority.issue({ key: rsa, names: ['localhost'] });
    assert.match(await seen(issued), /neither self-signed nor signed by a trusted authority/);
  });

  it('is taken from an authority that is trusted, for the name of the service and no other', async () => {
    const right = authority.issue({ key: rsa, names: ['localhost'] });
    const wrong = authority.issue({ key: rsa, names: ['elsewhere.example.com'] });
    assert.equal(await trusting(() => seen(right)), 'taken');
    assert.match(await trusting(() => seen(wrong)), /neither self-signed nor signed by a trusted authority/);
  });
});

describe('the address of a service', () => {
  it('is the first that may be connected to, and the one that was checked', async () => {
    await using service = await openTestService();
    const { port } = new URL(service.url);
    const checked: string[] = [];
    const noting: EgressCheck = (candidate, at) => {
      checked.push(`${candidate.address} ${at}`);
      return onLoopback(candidate, at);
    };
    const limits = { timeoutMs: 10_000, maxAnswerBytes: 10_000 };
    const noted = createPinnedCaller({ mayConnect: noting, ...limits });
    const keys = [createPublicKey(service.publicKey)];
    // Numbers and hexadecimal digits are other spellings of an address, which the URL standard reads.
    for (const host of ['localhost', '127.0.0.1', '2130706433', '0x7f.1']) {
      const answer = await noted({ method: 'GET', baseUrl: `https://${host}:${port}`, path: '/', keys });
      assert.ok(answer.reached, host);
      assert.equal(checked.at(-1), `127.0.0.1 ${port}`);
    }
  });

  it('is refused by name and number when it leads elsewhere, and as text when it is none', async () => {
    const keys = [createKey('RSA-2048').publicKey];
    const refusalOf = async (baseUrl: string) => {
      const answer = await call({ method: 'GET', baseUrl, path: '/', keys });
      return answer.reached ? '' : answer.reason;
    };
    assert.equal(
      await refusalOf('https://[::1]:4443/x'),
      '[::1]:4443 may not be called: ::1 is not 127.0.0.1',
    );
    assert.equal(
      await refusalOf('https://10.0.0.1'),
      '10.0.0.1 may not be called: 10.0.0.1 is not 127.0.0.1',
    );
    assert.match(await refusalOf('https://[1'), /Invalid URL/);
  });
});
