import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import {
  createKey,
  createUser,
  openNetwork,
  openTestService,
  request,
  type TestAnswer,
  type TestNetwork,
  type TestService,
  type TestUser,
} from '#testkit';
import { createGroup, expectStatus } from './conversation-rig.ts';
import {
  createProvider,
  createService,
  newService,
  type Provider,
  seeFileKept,
  setConnection,
} from './services-rig.ts';

/* Who provides services, what they say of them, who finds them, and what tokens are for. */

describe('providers and their services', () => {
  const stack = new AsyncDisposableStack();
  let network: TestNetwork;
  let user: TestUser;
  let provider: Provider;
  let service: TestService;
  before(async () => {
    network = stack.use(await openNetwork({ backends: 1, set: { 'throttling.enabled': false } }));
    service = stack.use(await openTestService());
    user = await createUser(network.backend(0), { name: 'User' });
    provider = await createProvider(network.backend(0));
  });
  after(() => stack.disposeAsync());

  const refusal = ({ status, get }: TestAnswer) => [status, get('label')];
  const anybody = (path: string, body?: unknown, headers = {}) =>
    request(`${network.backend(0).clientApi}/v5${path}`, { body, headers });
  const codeOf = async (email: string) => {
    const answer = await request(
      `${network.backend(0).internalApi}/i/provider/activation-code?email=${email}`,
    );
    return expectStatus(answer, 200).body as { readonly key: string; readonly code: string };
  };
  const newProvider = (email: string) => ({
    name: 'Others',
    email,
    url: 'https://others.example.com',
    description: 'Others.',
  });

  it('a provider is one once its address is activated, with a password that was made for it', async () => {
    const email = 'made@provider.example.com';
    const made = expectStatus(await anybody('/provider/register', newProvider(email)), 201);
    const password = String(made.get('password'));
    const login = () => anybody('/provider/login', { email, password });
    assert.deepEqual(refusal(await login()), [403, 'invalid-credentials']);
    const { key, code } = await codeOf(email);
    assert.equal((await anybody(`/provider/activate?key=${key}&code=${code}`)).status, 200);
    assert.equal((await anybody(`/provider/activate?key=${key}&code=${code}`)).status, 204);
    assert.match(
      String(expectStatus(await login(), 200).headers.get('set-cookie')),
      /^zprovider=[^;]+\.t=p\.[^;]+; Path=\/provider; Expires=[^;]+; HttpOnly/,
    );
    assert.deepEqual(refusal(await anybody('/provider/register', newProvider(email))), [409, 'email-exists']);
  });

  it('three wrong codes end an activation', async () => {
    const email = 'wrong@provider.example.com';
    expectStatus(await anybody('/provider/register', newProvider(email)), 201);
    const { key, code } = await codeOf(email);
    for (let tries = 0; tries < 3; tries += 1)
      assert.deepEqual(refusal(await anybody(`/provider/activate?key=${key}&code=none`)), [
        403,
        'invalid-code',
      ]);
    const late = await anybody(`/provider/activate?key=${key}&code=${code}`);
    assert.deepEqual(refusal(late), [403, 'invalid-code']);
  });

  it('a provider without a name, or at an address that is none, is refused', async () => {
    for (const [change, expected] of [
      [{ email: 'none' }, [400, 'invalid-email']],
      [{ name: '' }, [400, 'bad-request']],
      [{ url: 'http://plain.example.com' }, [400, 'bad-request']],
    ] as const) {
      const body = { ...newProvider('x@provider.example.com'), ...change };
      assert.deepEqual(refusal(await anybody('/provider/register', body)), expected);
    }
  });

  it('a provider changes what it says of itself, and its password', async () => {
    const own = await createProvider(network.backend(0));
    expectStatus(await own.send('/provider', { method: 'PUT', body: { name: 'Renamed' } }), 200);
    const shown = expectStatus(await own.send('/provider'), 200);
    assert.equal(shown.get('name'), 'Renamed');
    assert.ok(String(shown.get('email')).includes('@'));
    const profile = expectStatus(await user.send(`/providers/${own.id}`), 200);
    assert.deepEqual(Object.keys(profile.body as object).toSorted(), ['description', 'id', 'name', 'url']);
    assert.deepEqual(refusal(await user.send(`/providers/${randomUUID()}`)), [404, 'not-found']);
    const change = (old_password: string, new_password: string) =>
      own.send('/provider/password', { method: 'PUT', body: { old_password, new_password } });
    assert.deepEqual(refusal(await change('not-that-one', 'another-one')), [403, 'invalid-credentials']);
    assert.deepEqual(refusal(await change(own.password, own.password)), [409, 'password-must-differ']);
    expectStatus(await change(own.password, 'another-one'), 200);
  });

  it('a service is its provider’s, who alone sees how it is reached', async () => {
    const { service: id } = await createService(provider, service);
    const path = `/provider/services/${id}`;
    const seen = expectStatus(await provider.send(path), 200);
    assert.deepEqual(seen.get('auth_tokens'), ['between-us']);
    assert.equal(seen.get('base_url'), service.url);
    assert.deepEqual(seen.get('public_keys'), [{ type: 'rsa', size: 2048, pem: service.publicKey }]);
    const other = await createProvider(network.backend(0));
    assert.deepEqual(refusal(await other.send(path)), [404, 'not-found']);
    const put = await other.send(path, { method: 'PUT', body: { name: 'Mine' } });
    assert.deepEqual(refusal(put), [404, 'not-found']);
    expectStatus(await provider.send(path, { method: 'PUT', body: { name: 'Echoes' } }), 200);
    const profile = expectStatus(await user.send(`/providers/${provider.id}/services/${id}`), 200);
    assert.equal(profile.get('name'), 'Echoes');
    for (const member of ['auth_tokens', 'base_url', 'public_keys'])
      assert.equal(profile.get(member), undefined);
    const listed = expectStatus(await provider.send('/provider/services'), 200).body as readonly object[];
    assert.deepEqual(listed, [(await provider.send(path)).body]);
    const connection = { method: 'PUT', body: { password: 'not-that-one', enabled: false } };
    assert.deepEqual(refusal(await provider.send(`${path}/connection`, connection)), [
      403,
      'invalid-credentials',
    ]);
  });

  it('a service without an RSA key of 2048 bits is refused', async () => {
    const pems = [
      'none',
      createKey('RSA-1024').publicKey.export({ format: 'pem', type: 'spki' }),
      createKey('P-256').publicKey.export({ format: 'pem', type: 'spki' }),
      createKey('RSA-2048').privateKey.export({ format: 'pem', type: 'pkcs8' }),
    ];
    for (const pem of pems) {
      const body = { ...newService(service), public_key: String(pem) };
      const answer = await provider.send('/provider/services', { body });
      assert.deepEqual(refusal(answer), [400, 'invalid-service-key']);
    }
    const plain = { ...newService(service), base_url: 'http://plain.example.com' };
    assert.deepEqual(refusal(await provider.send('/provider/services', { body: plain })), [
      400,
      'bad-request',
    ]);
  });

  it('a token is made for a service that brings none', async () => {
    const { auth_token: _, ...body } = newService(service);
    const made = expectStatus(await provider.send('/provider/services', { body }), 201);
    const seen = await provider.send(`/provider/services/${made.get('id')}`);
    assert.deepEqual(seen.get('auth_tokens'), [made.get('auth_token')]);
  });

  it('users find those that are enabled, by name and by tags', async () => {
    const own = await createProvider(network.backend(0));
    const make = async (name: string, tags: readonly string[]) => {
      const body = { ...newService(service), name, tags };
      return String(expectStatus(await own.send('/provider/services', { body }), 201).get('id'));
    };
    const hidden = await make('Zebra hidden', ['games']);
    const found = [await make('zebra one', ['games', 'quiz']), await make('Zebra Two', ['games', 'poll'])];
    for (const id of found) await setConnection(own, id, { enabled: true });
    const search = async (query: string) => {
      const answer = expectStatus(await user.send(`/services?${query}`), 200);
      return (answer.get('services') as readonly { readonly id: string }[]).map(({ id }) => id);
    };
    assert.deepEqual(await search('start=ZEBRA'), found);
    assert.deepEqual(await search('tags=games'), found);
    assert.deepEqual(await search('tags=games.poll'), [found[1]]);
    assert.deepEqual(await search('tags=quiz,poll'), found);
    assert.deepEqual(refusal(await user.send('/services')), [400, 'bad-request']);
    assert.deepEqual(refusal(await user.send('/services?tags=nothing')), [400, 'bad-request']);
    await setConnection(own, hidden, { enabled: true });
    assert.equal((await search('start=zebra')).length, 3);
    const ofProvider = expectStatus(await user.send(`/providers/${own.id}/services`), 200).body;
    assert.equal((ofProvider as readonly object[]).length, 3);
    const body = { password: own.password };
    expectStatus(await own.send('/provider', { method: 'DELETE', body }), 200);
    assert.deepEqual(await search('start=zebra'), []);
    assert.deepEqual(refusal(await own.send('/provider')), [404, 'not-found']);
    const tags = expectStatus(await user.send('/services/tags'), 200).body as readonly string[];
    assert.ok(tags.includes('food-drink'));
  });

  it('a provider has files, which users read', () => seeFileKept(provider.send, '/provider/assets', user));

  it('each kind of token opens its own doors alone', async () => {
    assert.deepEqual(refusal(await anybody('/provider')), [401, 'unauthorized']);
    assert.deepEqual(refusal(await anybody('/bot/self')), [401, 'unauthorized']);
    assert.deepEqual(refusal(await user.send('/provider')), [403, 'access-denied']);
    assert.deepEqual(refusal(await user.send('/bot/self')), [403, 'access-denied']);
    assert.deepEqual(refusal(await provider.send('/self')), [401, 'unauthorized']);
    const cookie = await anybody('/provider', undefined, { cookie: 'zprovider=none' });
    assert.deepEqual(refusal(cookie), [401, 'unauthorized']);
  });

  it('a service is not called at a listener of this backend, nor where the operator lets nobody be', async () => {
    const { port } = network.backend(0).ingress;
    const group = await createGroup(user, []);
    for (const base_url of [
      `https://127.0.0.1:${port}/api`,
      'https://10.0.0.1/api',
      'https://169.254.169.254/',
    ]) {
      const at = { ...newService(service), base_url };
      const made = expectStatus(await provider.send('/provider/services', { body: at }), 201);
      const id = String(made.get('id'));
      await setConnection(provider, id, { enabled: true });
      const answer = await user.send(`/conversations/${group.id}/bots`, {
        body: { provider: provider.id, service: id },
      });
      assert.deepEqual(refusal(answer), [502, 'bad-gateway']);
    }
    assert.deepEqual(service.calls, []);
  });
});
