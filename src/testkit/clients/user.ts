import { randomBytes } from 'node:crypto';
import { request, type TestAnswer, type TestRequest } from './http.ts';

/** The listeners of a backend that a test client needs. */
export interface BackendUrls {
  readonly domain: string;
  readonly clientApi: string;
  readonly internalApi: string;
}

export interface NewTestUser {
  readonly name: string;
  /** None when left out. */
  readonly handle?: string;
  /** A random one when left out. */
  readonly email?: string;
  readonly team?: { readonly name: string };
}

const password = 'correct horse battery staple';

/** A logged-in user with its own access token. */
export interface TestUser {
  readonly id: string;
  readonly domain: string;
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly handle: string | undefined;
  readonly token: string;
  /** A request of this user to its backend; `path` without version is sent to `/v5`. */
  send(path: string, options?: TestRequest): Promise<TestAnswer>;
  /** `GET /search/contacts`. */
  search(term: string, domain?: string): Promise<TestAnswer>;
}

/** Makes an active user, logs it in and gives it its handle. Fails with the backend's answer. */
export async function createUser(backend: BackendUrls, wanted: NewTestUser): Promise<TestUser> {
  const email = wanted.email ?? `${randomBytes(6).toString('hex')}@mail.example.com`;
  const body = {
    name: wanted.name,
    email,
    password,
    ...(wanted.team ? { team: { icon: 'default', binding: true, ...wanted.team } } : {}),
  };
  const made = await request(`${backend.internalApi}/i/users`, { body });
  expectStatus('POST /i/users', made, 201);
  const user = await logIn(backend, { email, password, name: wanted.name, handle: wanted.handle });
  if (wanted.handle !== undefined) {
    const put = await user.send('/self/handle', { method: 'PUT', body: { handle: wanted.handle } });
    expectStatus('PUT /self/handle', put, 200);
  }
  return user;
}

interface Login {
  readonly email: string;
  readonly password: string;
  readonly name: string;
  readonly handle?: string;
}

/** Logs an existing user in. */
export async function logIn(backend: BackendUrls, login: Login): Promise<TestUser> {
  const { email, password: secret } = login;
  const answer = await request(`${backend.clientApi}/v5/login`, { body: { email, password: secret } });
  expectStatus('POST /login', answer, 200);
  const known = { ...login, id: String(answer.get('user')), handle: login.handle };
  return userOf(backend, known, String(answer.get('access_token')));
}

function userOf(
  backend: BackendUrls,
  known: Pick<TestUser, 'id' | 'name' | 'email' | 'password' | 'handle'>,
  token: string,
): TestUser {
  const send = (path: string, options: TestRequest = {}) =>
    request(`${backend.clientApi}${/^\/v\d/.test(path) ? '' : '/v5'}${path}`, {
      ...options,
      headers: { authorization: `Bearer ${token}`, ...options.headers },
    });
  const { id, name, email, password: secret, handle } = known;
  return {
    id,
    domain: backend.domain,
    name,
    email,
    password: secret,
    handle,
    token,
    send,
    search: (term, domain) =>
      send(
        `/search/contacts?${new URLSearchParams({ q: term, ...(domain === undefined ? {} : { domain }) })}`,
      ),
  };
}

/** Logs a user in once more, with a token that belongs to one of its clients. */
export async function logInAsClient(backend: BackendUrls, user: TestUser, client: string): Promise<TestUser> {
  const login = await request(`${backend.clientApi}/v5/login?persist=true`, {
    body: { email: user.email, password: user.password },
  });
  expectStatus('POST /login', login, 200);
  const [cookie = ''] = login.headers.getSetCookie();
  const access = await request(`${backend.clientApi}/v5/access?client_id=${client}`, {
    method: 'POST',
    headers: { cookie: cookie.split(';')[0] ?? '' },
  });
  expectStatus('POST /access', access, 200);
  return userOf(backend, user, String(access.get('access_token')));
}

function expectStatus(what: string, answer: TestAnswer, status: number): void {
  if (answer.status !== status)
    throw new Error(`${what}: found ${answer.status} ${JSON.stringify(answer.body)}, expected ${status}`);
}
