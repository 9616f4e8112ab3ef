import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createUser, openNetwork, request, type TestNetwork, type TestUser } from '#testkit';

/* What official clients ask for besides, some of it before anybody has logged in: over real HTTP. */

describe('a client', () => {
  let network: TestNetwork;
  let owner: TestUser;
  before(async () => {
    network = await openNetwork({ backends: 1 });
    owner = await createUser(network.backend(0), { name: 'Owner', team: { name: 'Team' } });
  });
  after(() => network[Symbol.asyncDispose]());

  it('learns without a token that there is no single sign-on and no other backend', async () => {
    const { clientApi } = network.backend(0);
    const settings = await request(`${clientApi}/sso/settings`);
    assert.deepEqual([settings.status, settings.body], [200, {}]);
    const other = await request(`${clientApi}/custom-backend/by-domain/example.com`);
    assert.deepEqual([other.status, other.get('label')], [404, 'custom-backend-not-found']);
  });

  it('may hand over an address book, which nobody looks into', async () => {
    const body = { self: [], cards: [{ contact: ['aGFzaA=='], card_id: '1' }] };
    const answer = await owner.send('/onboarding/v3', { method: 'POST', body });
    assert.deepEqual([answer.status, answer.body], [200, { results: [], 'auto-connects': [] }]);
  });

  it('downloads the members of its team as a file', async () => {
    const team = String((await owner.send('/self')).get('team'));
    const answer = await owner.send(`/teams/${team}/members/csv`, { headers: { accept: 'text/csv' } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/csv');
    assert.equal(String(answer.body).split('\r\n').length, 3);
    const found = await owner.send(`/teams/${team}/search?q=own&frole=owner,admin`);
    assert.deepEqual([found.status, found.get('returned')], [200, 1]);
  });

  it('has no route for phone numbers from version 6 on', async () => {
    const statusAt = async (version: number) =>
      (await owner.send(`/v${version}/self/phone`, { method: 'DELETE' })).status;
    assert.deepEqual([await statusAt(5), await statusAt(6)], [403, 404]);
  });
});
