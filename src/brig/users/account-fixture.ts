import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnsweredRpc, FederationCaller } from '#contract/federation-caller.ts';
import { type BackendDomain, parseBackendDomain, type TeamId, type UserId } from '#contract/ids.ts';
import type { Route, RouteAnswer, RouteRequest, ServedRoute } from '#contract/route.ts';
import type { OutputOf } from '#contract/rpc.ts';
import { type AccountRow, openStorage, type Storage } from '#storage';
import { setLogLevel } from '#telemetry';
import { indexAccount } from '../search/search-index.ts';

/** What the tests of users, search and RPCs share: a real database with people, and a scripted remote. */

export function domain(text: string): BackendDomain {
  const parsed = parseBackendDomain(text);
  if (parsed === undefined) throw new Error(`${text} is not a domain`);
  return parsed;
}

export const ownDomain = domain('a.example.com');
export const remoteDomain = domain('b.example.com');

export function newUserId(): UserId {
  return randomUUID() as UserId;
}

export function newTeamId(): TeamId {
  return randomUUID() as TeamId;
}

/** An empty SQLite database in a folder of its own, gone when disposed. */
export async function openTestStorage(): Promise<{ readonly storage: Storage } & AsyncDisposable> {
  setLogLevel('warn');
  const folder = await mkdtemp(join(tmpdir(), 'crosswire-users-'));
  const storage = await openStorage({ url: `sqlite:${join(folder, 'test.db')}` });
  return {
    storage,
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

export function accountRow(values: Partial<AccountRow> = {}): AccountRow {
  return {
    id: newUserId(),
    status: 'active',
    name: 'Somebody',
    email: null,
    email_key: null,
    handle: null,
    password_hash: null,
    accent_id: 1,
    picture: '[]',
    assets: '[]',
    supported_protocols: '["proteus"]',
    locale: 'en',
    managed_by: 'wire',
    team: null,
    sso_id: null,
    service: null,
    expires_at: null,
    created_at: 0,
    ...values,
  };
}

/** Adds accounts as registration does: the row and its search terms in one unit of work. */
export async function addAccounts(
  storage: Storage,
  ...people: readonly Partial<AccountRow>[]
): Promise<readonly AccountRow[]> {
  const accounts = people.map(accountRow);
  await storage.work(async (work) => {
    for (const account of accounts) {
      await work.db.insertInto('account').values(account).execute();
      await indexAccount(work, account);
    }
  });
  return accounts;
}

/** Adds one account. */
export async function addAccount(storage: Storage, person: Partial<AccountRow>): Promise<AccountRow> {
  const [account] = await addAccounts(storage, person);
  if (account === undefined) throw new Error('nothing was added');
  return account;
}

export interface RecordedCall {
  readonly domain: BackendDomain;
  readonly rpc: string;
  readonly input: unknown;
}

/**
 * Remotes that answer what the script says, as raw JSON: it goes through the contract like an answer from the network.
 * A script that throws is a remote that fails.
 */
export function scriptedFederation(
  script: (call: RecordedCall) => unknown,
): FederationCaller & { readonly calls: readonly RecordedCall[] } {
  const calls: RecordedCall[] = [];
  return {
    calls,
    async call<R extends AnsweredRpc>(to: BackendDomain, rpc: R, input: unknown): Promise<OutputOf<R>> {
      const call = { domain: to, rpc: rpc.name, input };
      calls.push(call);
      const answer: unknown = await script(call);
      return rpc.parseOutput.parse(JSON.parse(JSON.stringify(answer)), 'answer') as OutputOf<R>;
    },
  };
}

/** A federation that no test expects to be asked. */
export const noFederation = scriptedFederation(({ rpc }) => {
  throw new Error(`unexpected call of ${rpc}`);
});

/** Runs the handler of a route as the gateway does, with what the test cares about. */
export async function callRoute<R extends Route>(
  routes: readonly ServedRoute[],
  declared: R,
  request: { readonly userId: UserId } & Partial<Pick<RouteRequest<R>, 'params' | 'query' | 'body'>>,
): Promise<RouteAnswer<R['answers']>> {
  const served = routes.find(({ route }) => route === declared);
  if (served === undefined) throw new Error(`${declared.method} ${declared.path} is not served`);
  const { userId, ...parts } = request;
  const whole = {
    user: { userId, clientId: undefined, connectionId: '1' },
    params: {},
    query: {},
    version: declared.versions?.[0] ?? 5,
    requestId: 'test',
    signal: new AbortController().signal,
    ...parts,
  };
  return (await served.handler(whole as never)) as RouteAnswer<R['answers']>;
}
