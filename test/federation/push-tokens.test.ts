import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { NativeHint } from '#notifications';
import { eachDatabase } from '../notifications/databases.ts';
import { newUser, numbered, openRig, type Rig } from '../notifications/rig.ts';

/** Tokens of native push services, and the hints that go there (reference client-api 6.3). */

const phone = 'a1' as ClientId;
const laptop = 'b2' as ClientId;
const token = { token: 'abc123', app: 'com.wire', transport: 'GCM', client: phone } as const;

eachDatabase('push tokens', (freshUrl) => {
  it('are registered, listed and removed', async () => {
    await using rig = await openRig({ url: await freshUrl() });
    const alice = newUser();
    const added = await call(rig, alice, 'POST', '/v5/push/tokens', token);
    assert.deepEqual([added.status, added.body], [201, token]);
    assert.equal(added.headers.get('location'), 'abc123');
    assert.deepEqual((await rig.get(alice, '/v5/push/tokens')).body, { tokens: [token] });
    assert.deepEqual((await rig.get(newUser(), '/v5/push/tokens')).body, { tokens: [] });
    assert.equal((await call(rig, newUser(), 'DELETE', '/v5/push/tokens/abc123')).status, 404);
    assert.equal((await call(rig, alice, 'DELETE', '/v5/push/tokens/abc123')).status, 204);
    const again = await call(rig, alice, 'DELETE', '/v5/push/tokens/abc123');
    assert.deepEqual(
      [again.status, again.body],
      [404, { code: 404, label: 'not-found', message: 'Push token not found' }],
    );
  });

  it('stand in the location as they are', async () => {
    await using rig = await openRig({ url: await freshUrl() });
    const [alice, given] = [newUser(), { ...token, token: 'abc:APA91-_x/y' }];
    const { headers } = await call(rig, alice, 'POST', '/v5/push/tokens', given);
    assert.equal(headers.get('location'), given.token);
    const path = `/v5/push/tokens/${encodeURIComponent(given.token)}`;
    assert.equal((await call(rig, alice, 'DELETE', path)).status, 204);
  });

  it('replace the older one of the same client, transport and app', async () => {
    await using rig = await openRig({ url: await freshUrl() });
    const alice = newUser();
    const kept = [
      { ...token, token: 'other-app', app: 'com.other' },
      { ...token, token: 'other-client', client: laptop },
      { ...token, token: 'newer' },
    ];
    for (const each of [token, token, ...kept]) await call(rig, alice, 'POST', '/v5/push/tokens', each);
    const { tokens } = (await rig.get(alice, '/v5/push/tokens')).body as { tokens: (typeof token)[] };
    assert.deepEqual(tokens.map((each) => each.token).sort(), kept.map((each) => each.token).sort());
    await rig.storage.work((work) => rig.notifications.removeClient(work, alice, phone));
    const left = (await rig.get(alice, '/v5/push/tokens')).body as { tokens: (typeof token)[] };
    assert.deepEqual(left.tokens, [kept[1]]);
  });

  it('are refused with the label of what is wrong', async () => {
    await using rig = await openRig({ url: await freshUrl(), settings: { pushApps: ['com.wire'] } });
    const alice = newUser();
    const cases = [
      [{ transport: 'APNS_VOIP' }, 400, 'apns-voip-not-supported'],
      [{ app: 'unknown' }, 404, 'app-not-found'],
      [{ token: '' }, 404, 'invalid-token'],
      [{ token: 'mit Leerzeichen' }, 404, 'invalid-token'],
      [{ token: 'x'.repeat(8193) }, 413, 'token-too-long'],
      [{ transport: 'APNS', token: 'x'.repeat(401) }, 413, 'token-too-long'],
      [{ transport: 'PIGEON' }, 400, 'bad-request'],
      [{ client: 'nonsense' }, 400, 'bad-request'],
    ] as const;
    for (const [change, status, label] of cases) {
      const { status: found, body } = await call(rig, alice, 'POST', '/v5/push/tokens', {
        ...token,
        ...change,
      });
      assert.deepEqual([found, (body as { label: string }).label], [status, label], JSON.stringify(change));
    }
    for (const change of [{ token: 'x'.repeat(8192) }, { transport: 'APNS', token: 'x'.repeat(400) }])
      assert.equal((await call(rig, alice, 'POST', '/v5/push/tokens', { ...token, ...change })).status, 201);
  });

  it('lead hints to the devices that have no open socket, for pushes that ask for it', async () => {
    const hints: NativeHint[] = [];
    const send = async (hint: NativeHint) => void hints.push(hint);
    await using rig = await openRig({ url: await freshUrl(), nativePush: { send } });
    const alice = newUser();
    await call(rig, alice, 'POST', '/v5/push/tokens', token);
    await call(rig, alice, 'POST', '/v5/push/tokens', { ...token, token: 'laptop', client: laptop });
    await using _socket = await rig.connect(alice, { client: laptop });
    await rig.push(
      { ...numbered(1, { user: alice }), transient: true },
      { ...numbered(2, { user: alice }), route: 'direct' },
      numbered(3, { user: alice, clients: [laptop] }),
      numbered(4, { user: alice }),
    );
    while (hints.length === 0) await new Promise(setImmediate);
    const last = (await rig.get(alice, '/v5/notifications/last')).body as { id: string };
    assert.deepEqual(hints, [{ user: alice, token, notificationId: last.id, priority: 'high' }]);
  });

  it('whose service fails keep nothing from being pushed', async () => {
    let asked = 0;
    const send = async () => {
      asked += 1;
      throw new Error('service down');
    };
    await using rig = await openRig({ url: await freshUrl(), nativePush: { send } });
    const alice = newUser();
    await call(rig, alice, 'POST', '/v5/push/tokens', token);
    await rig.push(numbered(1, { user: alice }), numbered(2, { user: alice }));
    while (asked < 2) await new Promise(setImmediate);
  });
});

async function call(rig: Rig, user: UserId, method: string, path: string, body?: object) {
  const answer = await fetch(`${rig.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${user}:1`, 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
}
