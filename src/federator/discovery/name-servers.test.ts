import assert from 'node:assert/strict';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configuredNameServers, parseNameServer, readResolvConf, SystemNameServers } from './name-servers.ts';

test('reads addresses with and without a port', () => {
  assert.equal(parseNameServer('127.0.0.1')?.label, '127.0.0.1:53');
  assert.equal(parseNameServer('127.0.0.1:5353')?.port, 5353);
  assert.equal(parseNameServer('::1')?.label, '[::1]:53');
  assert.equal(parseNameServer('[::1]:5353')?.port, 5353);
});

test('takes nothing else', () => {
  const wrong = [
    '',
    'dns.example.com',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '[127.0.0.1]:53',
    '127.0.0.1:',
    '::1:x',
    '[::1',
  ];
  for (const text of wrong) assert.equal(parseNameServer(text), undefined, text);
  assert.throws(() => configuredNameServers(['dns.example.com']), /federation\.dns\.servers: found "dns/);
  assert.throws(() => configuredNameServers([]), /at least one/);
});

test('reads the nameserver lines of a resolv.conf, three at most', () => {
  const text = '# by hand\nsearch example.com\nnameserver 10.0.0.1\n nameserver\tfd00::1\noptions ndots:2\n';
  assert.deepEqual(
    readResolvConf(text).map(({ label }) => label),
    ['10.0.0.1:53', '[fd00::1]:53'],
  );
  assert.equal(readResolvConf('nameserver 10.0.0.1\n'.repeat(5)).length, 3);
  assert.deepEqual(
    readResolvConf('').map(({ label }) => label),
    ['127.0.0.1:53'],
  );
});

test('notices a changed resolv.conf, and keeps the last servers while it is missing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'crosswire-resolv-'));
  try {
    const path = join(directory, 'resolv.conf');
    const servers = new SystemNameServers(path);
    const labels = async (): Promise<readonly string[]> =>
      (await servers.current()).map(({ label }) => label);
    assert.deepEqual(await labels(), ['127.0.0.1:53']);
    await writeFile(path, 'nameserver 10.0.0.1\n');
    assert.deepEqual(await labels(), ['10.0.0.1:53']);
    await writeFile(join(directory, 'next'), 'nameserver 10.0.0.2\n');
    await rename(join(directory, 'next'), path);
    assert.deepEqual(await labels(), ['10.0.0.2:53']);
    await rm(path);
    assert.deepEqual(await labels(), ['10.0.0.2:53']);
  } finally {
    await rm(directory, { recursive: true });
  }
});
