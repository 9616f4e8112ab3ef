import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { createUser, openNetwork, request, type TestAnswer, type TestNetwork, type TestUser } from '#testkit';

/*
 * What single sign-on and legal hold services ask of the operations listener: members of a team that they vouch for, and
 * logins without credentials. A user that came so is one like others.
 */

const ssoId = { tenant: 'https://idp.example.com', subject: 'ann@example.com' };

describe('users and logins that a service vouches for', () => {
  let network: TestNetwork;
  let owner: TestUser;
  let team: string;
  before(async () => {
    network = await openNetwork({ backends: 1, set: { 'throttling.enabled': false } });
    owner = await createUser(network.backend(0), { name: 'Owner', team: { name: 'Team' } });
    team = String((await owner.send('/self')).get('team'));
  });
  after(() => network[Symbol.asyncDispose]());

  const internal = (path: string, body?: unknown, method?: string) =>
    request(`${network.backend(0).internalApi}/i/${path}`, { body, method });
  const client = (path: string, headers: Readonly<Record<string, string>>, method = 'GET') =>
    request(`${network.backend(0).clientApi}/v5${path}`, { headers, method });
  const provision = (change: Readonly<Record<string, unknown>> = {}) =>
    internal('users/spar', {
      newUserSparUUID: randomUUID(),
      newUserSparSSOId: ssoId,
      newUserSparDisplayName: 'Ann',
      newUserSparTeamId: team,
      newUserSparManagedBy: 'scim',
      newUserSparRole: 'member',
      ...change,
    });
  const bearer = (answer: TestAnswer) => ({ authorization: `Bearer ${answer.get('access_token')}` });
  const cookieOf = (answer: TestAnswer) => String(answer.headers.get('set-cookie')).split(';', 1)[0] ?? '';
  const refusal = ({ status, get }: TestAnswer) => [status, get('label')];
  const setLegalhold = (status: string) =>
    internal(`teams/${team}/features/legalhold`, { status }, 'PATCH').then((answer) =>
      assert.equal(answer.status, 200),
    );

  it('a provisioned user is in its team, with handle and identity, and logs in without credentials', async () => {
    const made = await provision({ newUserSparHandle: 'ann.sso', newUserSparLocale: 'de-DE' });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const login = await internal('sso-login?persist=true', { user: made.get('id'), label: 'sso' });
    assert.equal(login.status, 200);
    assert.match(cookieOf(login), /^zuid=.*\.t=u\.l=\./);
    const self = await client('/self', bearer(login));
    assert.deepEqual(self.body, made.body);
    assert.equal(self.get('handle'), 'ann.sso');
    assert.equal(self.get('team'), team);
    assert.equal(self.get('managed_by'), 'scim');
    assert.equal(self.get('locale'), 'de-DE');
    assert.deepEqual(self.get('sso_id'), ssoId);
    const member = await owner.send(`/teams/${team}/members/${made.get('id')}`);
    assert.deepEqual(member.get('permissions'), { self: 1587, copy: 1587 });
    const renewed = await client('/access', { cookie: cookieOf(login) }, 'POST');
    assert.equal(renewed.status, 200);
  });

  it('a login for the session only is not renewed for ever', async () => {
    const made = await provision();
    const login = await internal('sso-login', { user: made.get('id') });
    assert.match(cookieOf(login), /^zuid=.*\.t=u\.l=s\./);
  });

  it('leaves nothing behind when a handle, an id or a team is not to be had', async () => {
    await provision({ newUserSparHandle: 'taken.handle' });
    const id = randomUUID();
    const again = (change: Readonly<Record<string, unknown>>) =>
      provision({ newUserSparUUID: id, ...change });
    assert.deepEqual(refusal(await again({ newUserSparHandle: 'taken.handle' })), [409, 'handle-exists']);
    assert.deepEqual(refusal(await again({ newUserSparHandle: 'No Handle' })), [400, 'invalid-handle']);
    assert.deepEqual(refusal(await again({ newUserSparTeamId: randomUUID() })), [404, 'no-team']);
    assert.deepEqual(refusal(await again({ newUserSparRole: 'queen' })), [400, 'bad-request']);
    assert.deepEqual(refusal(await again({ newUserSparUUID: owner.id })), [409, 'key-exists']);
    assert.equal((await internal(`users/${id}`)).status, 404);
    assert.equal((await owner.send(`/teams/${team}/members/${id}`)).status, 404);
    assert.equal((await again({})).status, 201);
  });

  it('nobody logs in who is suspended, deleted or unknown', async () => {
    const id = (await provision()).get('id');
    await internal(`users/${id}/status`, { status: 'suspended' }, 'PUT');
    assert.deepEqual(refusal(await internal('sso-login', { user: id })), [403, 'suspended']);
    await internal(`users/${id}/status`, { status: 'active' }, 'PUT');
    assert.equal((await internal('sso-login', { user: id })).status, 200);
    await internal(`users/${id}`, undefined, 'DELETE');
    assert.deepEqual(refusal(await internal('sso-login', { user: id })), [403, 'invalid-credentials']);
    assert.deepEqual(refusal(await internal('sso-login', { user: randomUUID() })), [
      403,
      'invalid-credentials',
    ]);
  });

  it('a legal hold service reads what the user gets, and does nothing else', async () => {
    await setLegalhold('enabled');
    const login = await internal('legalhold-login', { user: owner.id, password: owner.password });
    assert.equal(login.status, 200, JSON.stringify(login.body));
    assert.match(cookieOf(login), /^zuid=.*\.t=lu\.l=\./);
    assert.match(String(login.get('access_token')), /\.t=la\./);
    for (const path of ['/notifications', `/users/${owner.domain}/${owner.id}/clients`])
      assert.equal((await client(path, bearer(login))).status, 200, path);
    for (const path of ['/self', '/clients', '/properties'])
      assert.deepEqual(refusal(await client(path, bearer(login))), [403, 'access-denied'], path);
    const renewed = await client('/access', { cookie: cookieOf(login), ...bearer(login) }, 'POST');
    assert.equal(renewed.status, 200);
    assert.match(String(renewed.get('access_token')), /\.t=la\./);
    const usual = await internal('sso-login', { user: owner.id });
    const mixed = await client('/access', { cookie: cookieOf(login), ...bearer(usual) }, 'POST');
    assert.deepEqual(refusal(mixed), [403, 'invalid-credentials']);
  });

  it('no legal hold without the password, a team, and the feature of the team', async () => {
    await setLegalhold('enabled');
    const user = owner.id;
    const stranger = await createUser(network.backend(0), { name: 'Stranger' });
    const login = (body: unknown) => internal('legalhold-login', body).then(refusal);
    assert.deepEqual(await login({ user }), [403, 'missing-auth']);
    assert.deepEqual(await login({ user, password: 'not-that-one' }), [403, 'invalid-credentials']);
    const { id, password } = stranger;
    assert.deepEqual(await login({ user: id, password }), [403, 'no-binding-team']);
    await setLegalhold('disabled');
    assert.deepEqual(await login({ user, password: owner.password }), [403, 'legalhold-not-enabled']);
  });
});
