import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  createAuthority,
  crosswireArgv,
  type IssuedCertificate,
  type NetworkBackend,
  openNetwork,
  openProcess,
  remoteBackend,
  request,
  type TestNetwork,
} from '#testkit';

/*
 * `crosswire doctor` on a good federation and on broken ones. For each fault it has to name the step, whose side it is
 * on, and what to do; and to end with 1.
 */

interface Finding {
  readonly step: string;
  readonly result: 'good' | 'bad' | 'skipped';
  readonly side: string;
  readonly found: string;
  readonly mend?: string;
}

interface Report {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

let network: TestNetwork;
let a: NetworkBackend;
let b: NetworkBackend;

before(async () => {
  network = await openNetwork({ backends: 2, set: { 'federation.strategy': 'allowDynamic' } });
  a = network.backend(0);
  b = network.backend(1);
  await allow(a, b.domain);
  await allow(b, a.domain);
});
after(() => network[Symbol.asyncDispose]());

async function allow(own: NetworkBackend, domain: string): Promise<void> {
  const restriction = { tag: 'allow_all', value: null };
  const body = { domain, search_policy: 'full_search', restriction };
  assert.equal((await request(`${own.internalApi}/i/federation/remotes`, { body })).status, 200);
}

async function deny(own: NetworkBackend, domain: string): Promise<void> {
  await request(`${own.internalApi}/i/federation/remotes/${domain}`, { method: 'DELETE' });
}

async function examine(
  config: string,
  ...args: readonly string[]
): Promise<{ code: number | null; report: Report }> {
  await using run = openProcess(crosswireArgv('doctor', ...args, '--json', '--config', config));
  const { code } = await run.ended;
  assert.equal(run.stderr(), '');
  return { code, report: JSON.parse(run.stdout()) };
}

/** A configuration beside A's own, with one thing changed. */
async function changedConfig(name: string, change: (text: string) => string): Promise<string> {
  const file = join(dirname(a.config), `${name}.yaml`);
  await writeFile(file, change(await readFile(a.config, 'utf8')));
  return file;
}

async function withCertificate(name: string, issued: IssuedCertificate): Promise<string> {
  const tls = join(dirname(a.config), 'tls');
  await writeFile(join(tls, `${name}.pem`), issued.chain);
  await writeFile(join(tls, `${name}-key.pem`), issued.key);
  return changedConfig(name, (text) =>
    text.replace('tls/cert.pem', `tls/${name}.pem`).replace('tls/key.pem', `tls/${name}-key.pem`),
  );
}

function badStep({ report }: { readonly report: Report }, step: RegExp): Finding {
  const bad = report.findings.filter(({ result }) => result === 'bad');
  const found = bad.find((finding) => step.test(finding.step));
  assert.ok(found, `${step} among ${JSON.stringify(bad, null, 1)}`);
  return found;
}

describe('crosswire doctor', () => {
  it('finds every step good on the way to a good remote and back, and ends with 0', async () => {
    const { code, report } = await examine(a.config, b.domain);
    assert.deepEqual(
      report.findings.filter(({ result }) => result !== 'good'),
      [],
    );
    assert.equal(code, 0);
    const steps = report.findings.map(({ step }) => step).join('\n');
    for (const step of [
      /SRV record of b/,
      /address of wire\.b/,
      /TLS/,
      /SRV target/,
      /clock/,
      /admits/,
      /versions/,
      /round trip/,
    ])
      assert.match(steps, step);
  });

  it('examines the own side alone without a domain', async () => {
    const { code, report } = await examine(a.config);
    assert.equal(code, 0);
    assert.ok(report.findings.every(({ side, step }) => side !== 'theirs' && !step.includes(b.domain)));
  });

  it('tells people in words, with the mend under what is bad', async () => {
    await using run = openProcess(crosswireArgv('doctor', 'nobody.example.org', '--config', a.config));
    assert.equal((await run.ended).code, 1);
    assert.match(run.stdout(), /^✓ configuration: /);
    assert.match(
      run.stdout(),
      /\n✗ SRV record of nobody\.example\.org: .*\n {4}their side: publish: _wire-server-federator/,
    );
  });

  it('tells a wrong configuration key by key', async () => {
    const file = await changedConfig('typo', (text) => text.replace('strategy:', 'strategi:'));
    const result = await examine(file, b.domain);
    assert.equal(result.code, 1);
    assert.match(badStep(result, /^configuration$/).found, /federation\.strategi: is not a setting/);
  });

  it('tells who has to allow whom when the remote denies us', async () => {
    await deny(b, a.domain);
    const result = await examine(a.config, b.domain);
    await allow(b, a.domain);
    const finding = badStep(result, /^b\.example\.com admits a\.example\.com$/);
    assert.equal(finding.side, 'theirs');
    assert.match(finding.found, /federation-denied/);
    assert.match(finding.mend ?? '', /crosswire federation allow a\.example\.com/);
  });

  it('tells that the own list lacks the remote', async () => {
    await deny(a, b.domain);
    const result = await examine(a.config, b.domain);
    await allow(a, b.domain);
    const finding = badStep(result, /^own policy for b\.example\.com$/);
    assert.deepEqual([finding.side, finding.mend], ['ours', 'crosswire federation allow b.example.com']);
  });

  it('tells that a certificate does not name the infrastructure domain, and what the remote says to it', async () => {
    const file = await withCertificate(
      'othername',
      network.authority.issue({ names: ['mail.a.example.com'] }),
    );
    const result = await examine(file, b.domain);
    const finding = badStep(result, /^own certificate names the infrastructure domain$/);
    assert.match(finding.found, /found mail\.a\.example\.com, expected wire\.a\.example\.com/);
    assert.equal(badStep(result, /^b\.example\.com admits/).side, 'ours');
  });

  it('tells that the own certificate has ended', async () => {
    const day = 86_400_000;
    const notBefore = new Date(Date.now() - 9 * day);
    const notAfter = new Date(Date.now() - 2 * day);
    const issued = network.authority.issue({ names: [a.infrastructureDomain], notBefore, notAfter });
    const finding = badStep(
      await examine(await withCertificate('ended', issued)),
      /^own certificate is valid today$/,
    );
    assert.match(finding.found, /days ago/);
    assert.equal(finding.mend, 'renew the certificate');
  });

  it('tells that the key is not the one of the certificate', async () => {
    const own = network.authority.issue({ names: [a.infrastructureDomain] });
    const { key } = network.authority.issue({ names: [a.infrastructureDomain] });
    const result = await examine(await withCertificate('otherkey', { ...own, key }));
    assert.match(badStep(result, /^own certificate and key$/).found, /is not the key of/);
  });

  it('tells that no name server answers', async () => {
    const file = await changedConfig('nodns', (text) =>
      text
        .replace(/127\.0\.0\.1:\d+(?=\s*\n\s*egress)/, '127.0.0.1:1')
        .replace('dns:', 'dns:\n    timeoutMs: 300'),
    );
    const finding = badStep(await examine(file, b.domain), /^SRV record of b\.example\.com$/);
    assert.equal(finding.side, 'network');
    assert.match(finding.mend ?? '', /127\.0\.0\.1:1/);
  });

  it('tells that a range is not allowed for remotes', async () => {
    const file = await changedConfig('egress', (text) =>
      text
        .replace('127.0.0.0/8', '10.0.0.0/8')
        .replace(/ingress:\n(\s+)host: 127\.0\.0\.1/, 'ingress:\n$1host: 0.0.0.0'),
    );
    const finding = badStep(await examine(file, b.domain), /^address of wire\.b\.example\.com$/);
    assert.equal(finding.side, 'ours');
    assert.match(finding.mend ?? '', /federation\.egress\.allow/);
  });
});

describe('crosswire doctor, when the remote is gone', () => {
  before(() => network.kill(b));

  it('tells that nothing listens there', async () => {
    const result = await examine(a.config, b.domain);
    const finding = badStep(result, new RegExp(`^connection to 127\\.0\\.0\\.1:${b.ingress.port}$`));
    assert.equal(finding.side, 'theirs');
    assert.match(finding.found, /ECONNREFUSED/);
  });

  it('tells that somebody else is there, whose certificate nobody vouches for', async () => {
    const impostor = createAuthority({ commonName: 'Impostor CA' }).issue({
      names: [b.infrastructureDomain],
    });
    await using _remote = await remoteBackend(
      { ...b, authority: network.authority, certificate: impostor },
      [],
    );
    const finding = badStep(await examine(a.config, b.domain), /^certificate of wire\.b\.example\.com$/);
    assert.equal(finding.side, 'theirs');
    assert.match(finding.found, /Impostor CA/);
  });

  it('tells that the certificate there is for another host', async () => {
    const certificate = network.authority.issue({ names: ['wire.x.example.com'] });
    await using _remote = await remoteBackend({ ...b, authority: network.authority, certificate }, []);
    const finding = badStep(await examine(a.config, b.domain), /^it names the SRV target$/);
    assert.match(finding.found, /found wire\.x\.example\.com, expected wire\.b\.example\.com/);
  });

  it('tells that the own backend is down', async () => {
    await network.kill(a);
    const result = await examine(a.config, b.domain);
    assert.match(badStep(result, /^this backend runs$/).mend ?? '', /crosswire serve/);
  });
});
