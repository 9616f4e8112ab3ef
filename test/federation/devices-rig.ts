import {
  lastResortId,
  makePrekey,
  makePrekeys,
  type NetworkBackend,
  openNetwork,
  request,
  type TestAnswer,
  type TestNetwork,
  type TestPrekey,
  type TestUser,
} from '#testkit';

/** Three backends that federate by list, so that a test can take one off it. */
export async function openListedNetwork(): Promise<TestNetwork> {
  const network = await openNetwork({ backends: 3, set: { 'federation.strategy': 'allowDynamic' } });
  try {
    for (const at of network.backends) {
      const others = network.backends.filter(({ domain }) => domain !== at.domain);
      await Promise.all(others.map(({ domain }) => allow(at, domain)));
    }
    return network;
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
}

export async function allow(at: NetworkBackend, domain: string): Promise<void> {
  const restriction = { tag: 'allow_all', value: null };
  const body = { domain, search_policy: 'full_search', restriction };
  expectStatus(await request(`${at.internalApi}/i/federation/remotes`, { body }), 200);
}

export async function deny(at: NetworkBackend, domain: string): Promise<void> {
  const url = `${at.internalApi}/i/federation/remotes/${domain}`;
  expectStatus(await request(url, { method: 'DELETE' }), 200);
}

export interface TestClient {
  readonly id: string;
  readonly prekeys: readonly TestPrekey[];
  readonly lastkey: TestPrekey;
}

/** Registers a client with this many one-time prekeys. */
export async function addClient(
  user: TestUser,
  count: number,
  more: object = {},
  path = '/clients',
): Promise<TestClient> {
  const keys = { prekeys: makePrekeys(0, count), lastkey: makePrekey(lastResortId) };
  const body = { type: 'permanent', class: 'phone', password: user.password, ...keys, ...more };
  const answer = await user.send(path, { body });
  expectStatus(answer, 201);
  return { ...keys, id: String(answer.get('id')) };
}

/** Ids of the prekeys that a client of the user has left. */
export async function prekeysLeft(user: TestUser, client: TestClient): Promise<readonly number[]> {
  return (await user.send(`/clients/${client.id}/prekeys`)).body as readonly number[];
}

/** What a component of a backend asks another backend, by way of its own federator. */
export function askAs(
  from: NetworkBackend,
  to: string,
  rpc: string,
  body: unknown,
  claimed: string = from.domain,
): Promise<TestAnswer> {
  return request(`${from.outward}/rpc/${to}/brig/${rpc}`, {
    body,
    headers: { 'wire-origin-domain': claimed, 'x-wire-api-version': '1' },
  });
}

function expectStatus(answer: TestAnswer, status: number): void {
  if (answer.status !== status) {
    throw new Error(`found ${answer.status} ${JSON.stringify(answer.body)}, expected ${status}`);
  }
}
