import {
  type BackendUrls,
  lastResortId,
  MlsDevice,
  makePrekey,
  request,
  type TestAnswer,
  type TestUser,
} from '#testkit';

/** A client whose key packages can be claimed. */
export interface MlsTestClient {
  readonly id: string;
  readonly device: MlsDevice;
  /** Uploads fresh key packages and returns them in base64. */
  upload(count: number): Promise<readonly string[]>;
  count(): Promise<number>;
}

/** Registers a client with a signature key. */
export async function addMlsClient(user: TestUser): Promise<MlsTestClient> {
  const made = await user.send('/clients', {
    body: {
      type: 'permanent',
      class: 'phone',
      password: user.password,
      prekeys: [],
      lastkey: makePrekey(lastResortId),
    },
  });
  const id = String(made.get('id'));
  const device = await MlsDevice.create(`${user.id}:${id}@${user.domain}`);
  const keys = { mls_public_keys: { ed25519: device.signatureKey.toString('base64') } };
  expectStatus(await user.send(`/clients/${id}`, { method: 'PUT', body: keys }), 200);
  const path = `/mls/key-packages/self/${id}`;
  return {
    id,
    device,
    async upload(count) {
      const fresh = await Promise.all(Array.from({ length: count }, () => device.makeKeyPackage()));
      const texts = fresh.map(({ bytes }) => bytes.toString('base64'));
      expectStatus(await user.send(path, { body: { key_packages: texts } }), 201);
      return texts;
    },
    count: async () => Number((await user.send(`${path}/count`)).get('count')),
  };
}

/** Logs in again, with a token that belongs to a client. */
export async function asClient(backend: BackendUrls, user: TestUser, client: string): Promise<TestUser> {
  const login = await request(`${backend.clientApi}/v5/login?persist=true`, {
    body: { email: user.email, password: user.password },
  });
  const [cookie = ''] = login.headers.getSetCookie();
  const access = await request(`${backend.clientApi}/v5/access?client_id=${client}`, {
    method: 'POST',
    headers: { cookie: cookie.split(';')[0] ?? '' },
  });
  expectStatus(access, 200);
  const token = String(access.get('access_token'));
  return {
    ...user,
    token,
    send: (path, options = {}) =>
      request(`${backend.clientApi}/v5${path}`, {
        ...options,
        headers: { authorization: `Bearer ${token}`, ...options.headers },
      }),
  };
}

export interface Claimed {
  readonly user: string;
  readonly domain: string;
  readonly client: string;
  readonly key_package: string;
  readonly key_package_ref: string;
}

/** Claims one key package of each client of a user of any backend. */
export function claimOf(
  user: TestUser,
  { domain, id }: { readonly domain: string; readonly id: string },
  query = '',
): Promise<TestAnswer> {
  // As Wire's clients do: a content type, but no body.
  const headers = { 'content-type': 'application/json' };
  return user.send(`/mls/key-packages/claim/${domain}/${id}${query}`, { method: 'POST', headers });
}

export function claimedIn(answer: TestAnswer): readonly Claimed[] {
  expectStatus(answer, 200);
  return answer.get('key_packages') as readonly Claimed[];
}

function expectStatus(answer: TestAnswer, status: number): void {
  if (answer.status !== status) {
    throw new Error(`found ${answer.status} ${JSON.stringify(answer.body)}, expected ${status}`);
  }
}
