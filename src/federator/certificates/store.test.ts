import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { register } from 'prom-client';
import { setLogLevel } from '#telemetry';
import { createAuthority, type LeafOptions } from '../../testkit/ca/index.ts';
import type { CertificateStore, TlsMaterial } from '../faces.ts';
import { CertificateFileError } from './material.ts';
import { openCertificateStore } from './store.ts';

setLogLevel('silent');

const authority = createAuthority();
const host = 'wire.b.example.com';
const issue = (options: LeafOptions = {}) => authority.issue({ names: [host], ...options });

interface Folder extends AsyncDisposable {
  readonly path: string;
  write(files: Readonly<Record<string, string>>): Promise<void>;
  open(pollMs?: number): Promise<CertificateStore>;
}

async function openFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'crosswire-store-'));
  const issued = issue();
  const write: Folder['write'] = async (files) => {
    for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  };
  await write({ 'cert.pem': issued.chain, 'key.pem': issued.key, 'ca.pem': authority.certificate });
  return {
    path,
    write,
    open: (pollMs = 50) =>
      openCertificateStore({
        certificate: join(path, 'cert.pem'),
        key: join(path, 'key.pem'),
        ca: join(path, 'ca.pem'),
        infrastructureDomain: host,
        pollMs,
      }),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

type Reload = readonly [material: TlsMaterial, change: { readonly caRemoved: boolean }];

function nextReload(store: CertificateStore): Promise<Reload> {
  return new Promise((resolve) => store.onReload((material, change) => resolve([material, change])));
}

async function refusedReloads(): Promise<number> {
  const metric = await register.getSingleMetric('crosswire_certificate_reloads_total')?.get();
  return metric?.values.find(({ labels }) => labels.outcome === 'refused')?.value ?? 0;
}

describe('the own certificate files at start', () => {
  const wrong: readonly (readonly [
    what: string,
    files: () => Record<string, string>,
    file: string,
    says: RegExp,
  ])[] = [
    ['a certificate that is none', () => ({ 'cert.pem': 'hello' }), 'cert.pem', /holds no certificate/],
    [
      'a broken certificate',
      () => ({ 'cert.pem': issue().chain.replace(/\n.{9}/, '\nAAAAAAAAA') }),
      'cert.pem',
      /cannot be read/,
    ],
    [
      'a key of another certificate',
      () => ({ 'key.pem': issue().key }),
      'key.pem',
      /is not the private key of the certificate in/,
    ],
    ['a key that is none', () => ({ 'key.pem': 'hello' }), 'key.pem', /holds no unencrypted private key/],
    ['an empty file of roots', () => ({ 'ca.pem': '' }), 'ca.pem', /holds no certificate/],
    [
      'a certificate of another domain',
      () => pair({ names: ['wire.x.example.com'] }),
      'cert.pem',
      /infrastructure domain wire\.b\.example\.com .* found wire\.x/,
    ],
    [
      'a certificate with the right common name only',
      () => pair({ names: [], commonName: host }),
      'cert.pem',
      /found no DNS name/,
    ],
    [
      'an expired certificate',
      () => pair({ notAfter: new Date(Date.now() - 1000) }),
      'cert.pem',
      /expired on/,
    ],
    [
      'a certificate of the future',
      () => pair({ notBefore: new Date(Date.now() + 86_400_000) }),
      'cert.pem',
      /valid from .* only/,
    ],
  ];
  for (const [what, files, file, says] of wrong) {
    it(`refuses ${what}, naming the file`, async () => {
      await using folder = await openFolder();
      await folder.write(files());
      await assert.rejects(folder.open(), (error) => {
        assert.ok(error instanceof CertificateFileError);
        assert.equal(error.file, join(folder.path, file));
        assert.match(error.message, says);
        return true;
      });
    });
  }

  it('refuses a file that is missing', async () => {
    await using folder = await openFolder();
    await rm(join(folder.path, 'key.pem'));
    await assert.rejects(folder.open(), /key\.pem: cannot be read: ENOENT/);
  });
});

describe('the own certificate files while running', () => {
  // The store's timers and watchers keep no process alive, so the test has to while it waits for them.
  let alive: NodeJS.Timeout | undefined;
  before(() => {
    alive = setInterval(() => undefined, 60_000);
  });
  after(() => clearInterval(alive));

  it('takes up files that are rewritten in place, and says whether a root went', async () => {
    await using folder = await openFolder();
    await using store = await folder.open();
    const before = store.current;
    const reload = nextReload(store);
    const other = createAuthority({ commonName: 'Other' });
    await folder.write({ 'ca.pem': authority.certificate + other.certificate });
    const [material, change] = await reload;
    assert.equal(material.generation, before.generation + 1);
    assert.equal(change.caRemoved, false);
    assert.equal(store.current, material);
    const next = nextReload(store);
    await folder.write({ 'ca.pem': authority.certificate });
    assert.equal((await next)[1].caRemoved, true);
  });

  it('takes up a pair that is replaced by renames, one after the other', async () => {
    await using folder = await openFolder();
    await using store = await folder.open();
    const reload = nextReload(store);
    const issued = issue();
    for (const [name, text] of [
      ['cert.pem', issued.chain],
      ['key.pem', issued.key],
    ] as const) {
      await writeFile(join(folder.path, `${name}.new`), text);
      await rename(join(folder.path, `${name}.new`), join(folder.path, name));
    }
    assert.equal((await reload)[0].certificate, issued.chain);
  });

  it('takes up a secret mount, whose link beside the files is swapped', async () => {
    await using folder = await openFolder();
    const fill = async (name: string, issued: ReturnType<typeof issue>) => {
      await mkdir(join(folder.path, name));
      await folder.write({
        [`${name}/cert.pem`]: issued.chain,
        [`${name}/key.pem`]: issued.key,
        [`${name}/ca.pem`]: authority.certificate,
      });
    };
    await fill('..1', issue());
    await symlink('..1', join(folder.path, '..data'));
    for (const name of ['cert.pem', 'key.pem', 'ca.pem']) {
      await rm(join(folder.path, name));
      await symlink(join('..data', name), join(folder.path, name));
    }
    await using store = await folder.open();
    const reload = nextReload(store);
    const issued = issue();
    await fill('..2', issued);
    await symlink('..2', join(folder.path, '..data.new'));
    await rename(join(folder.path, '..data.new'), join(folder.path, '..data'));
    assert.equal((await reload)[0].certificate, issued.chain);
  });

  it('keeps the old ones when the new cannot be used, counts that once, and recovers', async () => {
    await using folder = await openFolder();
    await using store = await folder.open();
    const before = store.current;
    const counted = await refusedReloads();
    await folder.write({ 'cert.pem': pair({ names: ['wire.x.example.com'] })['cert.pem'] ?? '' });
    while ((await refusedReloads()) === counted) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(store.current, before);
    const reload = nextReload(store);
    const issued = issue();
    await folder.write({ 'cert.pem': issued.chain, 'key.pem': issued.key });
    assert.equal((await reload)[0].certificate, issued.chain);
    assert.equal(await refusedReloads(), counted + 1);
  });

  it('shows the days to expiry of the own certificate and of the roots', async () => {
    await using folder = await openFolder();
    await using store = await folder.open();
    assert.ok(store.current.generation === 1);
    const text = await register.metrics();
    assert.match(
      text,
      /crosswire_certificate_days_to_expiry\{kind="own",subject="CN=wire\.b\.example\.com"\} 89\./,
    );
    assert.match(text, /kind="root",subject="CN=Crosswire development CA"\} 36\d\d\./);
  });
});

function pair(options: LeafOptions): Record<string, string> {
  const issued = issue(options);
  return { 'cert.pem': issued.chain, 'key.pem': issued.key };
}
