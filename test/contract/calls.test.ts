import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { BrigNeeds } from '#brig';
import { type CallsConfig, getCallsConfig, getCallsConfigV2 } from '#contract/client/calls.ts';
import { openRig, refused } from './brig-rig.ts';

/* Which servers clients are told for calls: all of them or so many, each with a credential that the server can check. */

const turn = {
  servers: [
    'turn:192.0.2.1:3478',
    'turn:turn.example.com:3478?transport=udp',
    'turn:192.0.2.1:3478?transport=tcp',
    'turns:turn.example.com:5349?transport=tcp',
  ],
  secret: 'between-us',
  digest: 'sha1',
  credentialSeconds: 600,
  refreshSeconds: 60,
} as const;
const sft = { servers: ['https://sft1.example.com', 'https://sft2.example.com'], credentialSeconds: 60 };

type Calls = NonNullable<NonNullable<BrigNeeds['settings']>['calls']>;

let folder = '';
let files = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crosswire-calls-'));
});
after(() => rm(folder, { recursive: true }));

async function ask(calls: Calls, route: typeof getCallsConfig | typeof getCallsConfigV2, limit?: string) {
  files += 1;
  await using rig = await openRig(`sqlite:${join(folder, `${files}.db`)}`, { settings: { calls } });
  const user = await rig.addUser('ann@example.com');
  const { body } = await rig.send(route, { user, query: limit === undefined ? {} : { limit } });
  return { config: body as CallsConfig, now: rig.clock.now / 1000 };
}

const urlsOf = ({ ice_servers }: CallsConfig) => ice_servers.flatMap(({ urls }) => urls).toSorted();

test('every TURN server comes with a credential of its own that holds for a while', async () => {
  for (const digest of ['sha1', 'sha512'] as const) {
    const { config, now } = await ask({ turn: { ...turn, digest } }, getCallsConfigV2);
    assert.deepEqual(urlsOf(config), turn.servers.toSorted());
    assert.equal(config.ttl, 60);
    for (const { username, credential } of config.ice_servers) {
      assert.match(username, new RegExp(`^d=${now + 600}\\.v=1\\.k=0\\.t=s\\.r=[a-z]{16}$`));
      assert.equal(credential, createHmac(digest, turn.secret).update(username).digest('base64'));
    }
    assert.equal(new Set(config.ice_servers.map(({ username }) => username)).size, turn.servers.length);
    assert.equal(config.sft_servers, undefined);
  }
});

test('a limit leaves out the less wanted transports', async () => {
  const { config } = await ask({ turn }, getCallsConfigV2, '2');
  const urls = urlsOf(config);
  assert.equal(urls.length, 2);
  assert.ok(urls.includes('turns:turn.example.com:5349?transport=tcp'));
  assert.ok(
    urls.includes('turn:192.0.2.1:3478') || urls.includes('turn:turn.example.com:3478?transport=udp'),
  );
});

test('a limit is a number from 1 to 10', async () => {
  for (const limit of ['0', '11', 'x'])
    await assert.rejects(ask({ turn }, getCallsConfigV2, limit), refused('bad-request', 400));
});

test('old clients are told addresses over UDP and no conference servers', async () => {
  const { config } = await ask({ turn, sft: { ...sft, listAll: true } }, getCallsConfig);
  assert.deepEqual(urlsOf(config), ['turn:192.0.2.1:3478']);
  assert.equal(config.sft_servers, undefined);
  assert.equal(config.sft_servers_all, undefined);
});

test('conference servers are told, and with credentials when all are listed', async () => {
  const plain = await ask({ turn, sft: { ...sft, listAll: false } }, getCallsConfigV2);
  assert.deepEqual(plain.config.sft_servers?.flatMap(({ urls }) => urls).toSorted(), sft.servers);
  assert.equal(plain.config.sft_servers_all, undefined);
  const { config, now } = await ask({ turn, sft: { ...sft, listAll: true, secret: 's' } }, getCallsConfigV2);
  assert.equal(config.sft_servers_all?.length, 2);
  for (const { username = '', credential } of config.sft_servers_all ?? []) {
    assert.match(username, new RegExp(`^d=${now + 60}\\.v=1\\.k=0\\.s=1\\.r=[a-z]{16}$`));
    assert.equal(credential, createHmac('sha512', 's').update(username).digest('base64'));
  }
});

test('without TURN servers there are no calls', async () => {
  const isRefused = refused('not-found', 404, /TURN/);
  await assert.rejects(ask({ sft: { ...sft, listAll: false } }, getCallsConfigV2), isRefused);
  await assert.rejects(ask({}, getCallsConfig), isRefused);
});
