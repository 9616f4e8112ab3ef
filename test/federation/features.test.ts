import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { featureNames } from '#contract/features.ts';
import { createUser, openNetwork, request, type TestNetwork, type TestUser } from '#testkit';

/* Feature flags of teams: what clients read when they start, what a team may set, and what only operators may. */

describe('feature flags', () => {
  let network: TestNetwork;
  let owner: TestUser;
  let stranger: TestUser;
  let team: string;
  before(async () => {
    network = await openNetwork({ backends: 1 });
    owner = await createUser(network.backend(0), { name: 'Owner', team: { name: 'Team' } });
    stranger = await createUser(network.backend(0), { name: 'Stranger' });
    team = String((await owner.send('/self')).get('team'));
  });
  after(() => network[Symbol.asyncDispose]());

  const internal = (path: string, method: string, body?: unknown) =>
    request(`${network.backend(0).internalApi}/i/teams/${team}/features/${path}`, { method, body });
  const set = (feature: string, body: unknown) =>
    owner.send(`/teams/${team}/features/${feature}`, { method: 'PUT', body });

  it('are all there for everybody, with or without a team', async () => {
    for (const user of [owner, stranger]) {
      const answer = await user.send('/feature-configs');
      assert.equal(answer.status, 200);
      assert.deepEqual(Object.keys(answer.body as object).toSorted(), featureNames.toSorted());
      assert.deepEqual(answer.get('mls'), {
        status: 'disabled',
        lockStatus: 'unlocked',
        ttl: 'unlimited',
        config: {
          protocolToggleUsers: [],
          defaultProtocol: 'proteus',
          allowedCipherSuites: [1],
          defaultCipherSuite: 1,
          supportedProtocols: ['proteus', 'mls'],
        },
      });
    }
  });

  it('are seen by members of the team only', async () => {
    for (const path of [`/teams/${team}/features`, `/teams/${team}/features/fileSharing`]) {
      assert.equal((await owner.send(path)).status, 200);
      const refused = await stranger.send(path);
      assert.deepEqual([refused.status, refused.get('label')], [403, 'no-team-member']);
    }
    assert.equal((await owner.send(`/teams/${team}/features/nothing`)).status, 404);
  });

  it('are set by the team, which is told', async () => {
    const changed = await set('appLock', {
      status: 'enabled',
      config: { enforceAppLock: true, inactivityTimeoutSecs: 120 },
    });
    assert.equal(changed.status, 200);
    const all = await owner.send('/feature-configs');
    assert.deepEqual(all.get('appLock'), changed.body);
    const stored = await owner.send('/notifications?size=1000');
    const list = stored.get('notifications') as readonly { readonly payload: readonly object[] }[];
    assert.deepEqual(list.at(-1)?.payload, [
      { type: 'feature-config.update', name: 'appLock', data: changed.body },
    ]);
  });

  it('keep their configuration when only the status is set', async () => {
    await set('appLock', { status: 'disabled' });
    const found = await owner.send(`/teams/${team}/features/appLock`);
    assert.deepEqual(found.get('config'), { enforceAppLock: true, inactivityTimeoutSecs: 120 });
  });

  it('are refused with a configuration that is none of theirs', async () => {
    const refused = await set('appLock', { status: 'enabled', config: { enforceAppLock: 'yes' } });
    assert.deepEqual([refused.status, refused.get('label')], [400, 'bad-request']);
    assert.match(String(refused.get('message')), /body\.config/);
  });

  it('that are locked are changed by operators only', async () => {
    const refused = await set('sndFactorPasswordChallenge', { status: 'enabled' });
    assert.deepEqual([refused.status, refused.get('label')], [409, 'feature-locked']);
    const enabled = await internal('sndFactorPasswordChallenge', 'PATCH', { status: 'enabled' });
    assert.deepEqual([enabled.status, enabled.get('status')], [200, 'enabled']);
    assert.equal((await internal('sndFactorPasswordChallenge/unlocked', 'PUT')).status, 200);
    assert.equal((await set('sndFactorPasswordChallenge', { status: 'disabled' })).status, 200);
  });

  it('are those of teams that exist, also for operators', async () => {
    const nobodys = `${network.backend(0).internalApi}/i/teams/${randomUUID()}/features/appLock`;
    for (const [method, path, body] of [
      ['GET', nobodys, undefined],
      ['PUT', nobodys, { status: 'enabled' }],
      ['PATCH', nobodys, { status: 'enabled' }],
      ['PUT', `${nobodys}/locked`, undefined],
    ] as const) {
      const refused = await request(path, { method, body });
      assert.deepEqual([refused.status, refused.get('label')], [404, 'no-team'], `${method} ${path}`);
    }
  });

  it('of MLS fit together', async () => {
    const config = {
      protocolToggleUsers: [],
      defaultProtocol: 'mls',
      allowedCipherSuites: [1],
      defaultCipherSuite: 1,
      supportedProtocols: ['proteus'],
    };
    const odd = await set('mls', { status: 'enabled', config });
    assert.deepEqual([odd.status, odd.get('label')], [400, 'mls-protocol-mismatch']);
    const early = await internal('mlsMigration', 'PATCH', { status: 'enabled' });
    assert.deepEqual([early.status, early.get('label')], [400, 'mls-protocol-mismatch']);
    assert.equal((await internal('mls', 'PATCH', { status: 'enabled' })).status, 200);
    assert.equal((await internal('mlsMigration', 'PATCH', { status: 'enabled' })).status, 200);
    const late = await internal('mls', 'PATCH', { status: 'disabled' });
    assert.deepEqual([late.status, late.get('label')], [400, 'mls-protocol-mismatch']);
  });

  it('tell clients the keys for MLS, unless it is off', async () => {
    const settings = await request(`${network.backend(0).clientApi}/system/settings/unauthorized`);
    assert.deepEqual([settings.status, settings.body], [200, { setRestrictUserCreation: false }]);
    assert.equal((await owner.send('/system/settings')).get('setEnableMls'), true);
    const keys = await owner.send('/mls/public-keys');
    const { removal } = keys.body as { readonly removal: Readonly<Record<string, string>> };
    assert.equal(Buffer.from(removal.ed25519 ?? '', 'base64').length, 32);
    await using without = await openNetwork({ backends: 1, set: { 'mls.enabled': false } });
    const user = await createUser(without.backend(0), { name: 'Without' });
    assert.deepEqual((await user.send('/system/settings')).body, {
      setRestrictUserCreation: false,
      setEnableMls: false,
    });
    const refused = await user.send('/mls/public-keys');
    assert.deepEqual([refused.status, refused.get('label')], [400, 'mls-not-enabled']);
  });
});
