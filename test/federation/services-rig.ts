import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  type NetworkBackend,
  ProteusDevice,
  request,
  type ServiceReply,
  type TestAnswer,
  type TestRequest,
  type TestService,
  type TestUser,
} from '#testkit';
import { multipart } from '../contract/assets-rig.ts';
import { expectStatus } from './conversation-rig.ts';

/** What the tests of services share: a provider, its services, and the bots that a service is. */

const password = 'correct horse battery staple';

/** A provider that is logged in, as a browser is: by its cookie. */
export interface Provider {
  readonly id: string;
  readonly password: string;
  send(path: string, options?: TestRequest): Promise<TestAnswer>;
}

export async function createProvider(backend: NetworkBackend): Promise<Provider> {
  const email = `${randomBytes(6).toString('hex')}@provider.example.com`;
  const url = (path: string) => `${backend.clientApi}/v5${path}`;
  const body = {
    name: 'Makers',
    email,
    url: 'https://makers.example.com',
    description: 'We make.',
    password,
  };
  const made = expectStatus(await request(url('/provider/register'), { body }), 201);
  const pending = await request(`${backend.internalApi}/i/provider/activation-code?email=${email}`);
  const code = new URLSearchParams(expectStatus(pending, 200).body as Record<string, string>);
  const activated = expectStatus(await request(url(`/provider/activate?${code}`)), 200);
  assert.equal(activated.get('email'), email);
  const login = expectStatus(await request(url('/provider/login'), { body: { email, password } }), 200);
  const [cookie = ''] = String(login.headers.get('set-cookie')).split(';');
  return {
    id: String(made.get('id')),
    password,
    send: (path, options = {}) => request(url(path), { ...options, headers: { cookie, ...options.headers } }),
  };
}

export interface ServiceIds {
  readonly provider: string;
  readonly service: string;
}

export function newService(at: Pick<TestService, 'url' | 'publicKey'>) {
  return {
    name: 'Echo',
    summary: 'Echoes.',
    description: 'Says what was said.',
    base_url: at.url,
    public_key: at.publicKey,
    auth_token: 'between-us',
    assets: [],
    tags: ['social', 'tutorial'],
  };
}

/** Makes a service that can be used. */
export async function createService(provider: Provider, at: TestService): Promise<ServiceIds> {
  const made = expectStatus(await provider.send('/provider/services', { body: newService(at) }), 201);
  const service = String(made.get('id'));
  await setConnection(provider, service, { enabled: true });
  return { provider: provider.id, service };
}

export async function setConnection(
  provider: Provider,
  service: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const answer = await provider.send(`/provider/services/${service}/connection`, {
    method: 'PUT',
    body: { password: provider.password, ...change },
  });
  expectStatus(answer, 200);
}

/** A bot as its service has made it. */
export interface Bot {
  readonly id: string;
  readonly token: string;
  /** What the service was told of it. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly device: ProteusDevice<{ readonly id: string }>;
}

/** Lets a service make bots that really encrypt. Messages to it are taken. */
export function makesBots(service: TestService): readonly Bot[] {
  const bots: Bot[] = [];
  service.answer = async ({ path, body }): Promise<ServiceReply> => {
    if (path !== '/api/bots') return { status: 200 };
    const { id, client, token } = body as Readonly<Record<string, string>>;
    assert.ok(id && client && token);
    let keys: object = {};
    const device = await ProteusDevice.create({ id }, async ({ prekeys, lastPrekey }) => {
      keys = { prekeys, last_prekey: lastPrekey };
      return client;
    });
    bots.push({ id, token, device, request: body as Bot['request'] });
    return { status: 201, body: keys };
  };
  return bots;
}

/** Has a file kept, read by another and deleted. */
export async function seeFileKept(
  send: (path: string, options?: TestRequest) => Promise<TestAnswer>,
  path: '/bot/assets' | '/provider/assets',
  reader: TestUser,
): Promise<void> {
  const raw = { type: 'multipart/mixed; boundary=frontier', bytes: multipart('a picture') };
  const asset = expectStatus(await send(path, { raw }), 201);
  const [key, domain, token] = ['key', 'domain', 'token'].map((member) => String(asset.get(member)));
  const headers = { 'asset-token': token ?? '' };
  const own = await send(`${path}/${key}`, { headers });
  assert.equal(expectStatus(own, 200).body, 'a picture');
  const read = await reader.send(`/assets/${domain}/${key}`, { headers });
  assert.equal(expectStatus(read, 200).body, 'a picture');
  const foreign = await reader.send(`/assets/${domain}/${key}`, { method: 'DELETE' });
  assert.deepEqual([foreign.status, foreign.get('label')], [403, 'unauthorised']);
  expectStatus(await send(`${path}/${key}`, { method: 'DELETE' }), 200);
  assert.equal((await send(`${path}/${key}`, { headers })).status, 404);
}

/** A request of a bot. */
export function sendAs(
  { token }: Pick<Bot, 'token'>,
  backend: NetworkBackend,
  path: string,
  options: TestRequest = {},
): Promise<TestAnswer> {
  return request(`${backend.clientApi}/v5${path}`, {
    ...options,
    headers: { authorization: `Bearer ${token}`, ...options.headers },
  });
}

interface Told {
  readonly type: string;
  readonly from: string;
  readonly data: unknown;
}

/** What a service was told for a bot, in order. */
export function toldTo(service: TestService, { id }: Pick<Bot, 'id'>): readonly Told[] {
  return service.calls
    .filter(({ path }) => path === `/api/bots/${id}/messages`)
    .map(({ body }) => body as Told);
}
