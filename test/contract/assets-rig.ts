import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cargohold, type CargoholdSettings, openCargohold, openFolderStore } from '#cargohold';
import { parseBackendDomain, parseUuid, type UserId } from '#contract/ids.ts';
import { openGateway } from '#gateway';
import { openStorage, type Storage } from '#storage';
import { setLogLevel } from '#telemetry';

/** What the tests of assets share: cargohold behind a real client listener, on SQLite and a folder of its own. */

export const domain = 'a.example.com';
export const alice = randomUUID();
export const bob = randomUUID();
/** An account that is suspended. */
export const eve = randomUUID();

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** A member of a JSON body. */
  get(member: string): unknown;
}

export interface RawRequest {
  readonly method?: string;
  readonly user?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sent before it is said how much there is. */
  readonly chunked?: boolean;
}

export interface AssetRig extends AsyncDisposable {
  readonly storage: Storage;
  readonly cargohold: Cargohold;
  readonly url: string;
  /** Added to the time, in milliseconds. */
  readonly clock: { later: number };
  send(path: string, options?: RawRequest): Promise<RawAnswer>;
  upload(bytes: string | Buffer, settings?: object, user?: string): Promise<RawAnswer>;
  /** Files in the folder, whatever they are. */
  files(): Promise<readonly string[]>;
  rows(): Promise<number>;
}

export interface RigOptions {
  readonly settings?: Partial<CargoholdSettings>;
  readonly reserveBytes?: number;
  /** A folder that is there already, and stays. */
  readonly folder?: string;
  /** URL of a database; a file in the folder when left out. */
  readonly database?: string;
}

export async function openAssetRig({
  settings,
  reserveBytes = 0,
  folder,
  database,
}: RigOptions = {}): Promise<AssetRig> {
  setLogLevel('silent');
  await using stack = new AsyncDisposableStack();
  const place = folder ?? (await mkdtemp(join(tmpdir(), 'crosswire-assets-')));
  if (folder === undefined) stack.defer(() => rm(place, { recursive: true }));
  const storage = stack.use(await openStorage({ url: database ?? `sqlite:${join(place, 'test.db')}` }));
  const directory = join(place, 'assets');
  const store = stack.use(await openFolderStore({ directory, reserveBytes }));
  const ownDomain = parseBackendDomain(domain);
  if (ownDomain === undefined) throw new Error('not a domain');
  const clock = { later: 0 };
  const cargohold = stack.use(
    await openCargohold({
      ownDomain,
      storage,
      store,
      federation: undefined,
      users: { isActive: async (user) => user !== eve },
      settings,
      now: () => Date.now() + clock.later,
    }),
  );
  const gateway = stack.use(
    await openGateway({
      listen: { host: '127.0.0.1', port: 0 },
      routes: cargohold.routes,
      ownDomain,
      federationEnabled: true,
      limits: { bodyGraceMs: 300, minBytesPerSecond: 1_000_000 },
      verifyToken: (text) => ({
        type: 'a',
        userId: parseUuid<UserId>(text),
        clientId: undefined,
        connectionId: '1',
        expiresAt: -1,
      }),
    }),
  );
  const owned = stack.move();
  return {
    storage,
    cargohold,
    url: gateway.url,
    clock,
    send: (path, options) => send(gateway.url, path, options),
    upload: (bytes, asset = {}, user = alice) =>
      send(gateway.url, '/v5/assets', { method: 'POST', user, body: multipart(bytes, asset) }),
    files: () => filesIn(directory),
    rows: async () => (await storage.reader.selectFrom('asset').select('key').execute()).length,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** A well-formed upload. */
export function multipart(bytes: string | Buffer, settings: object | string = {}, md5?: string): Buffer {
  const json = typeof settings === 'string' ? settings : JSON.stringify(settings);
  const content = Buffer.from(bytes);
  const head = [
    '--frontier',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(json)}`,
    '',
    json,
    '--frontier',
    'Content-Type: application/octet-stream',
    `Content-Length: ${content.length}`,
    ...(md5 === undefined ? [] : [`Content-MD5: ${md5}`]),
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(head.join('\r\n')), content, Buffer.from('\r\n--frontier--\r\n')]);
}

function send(
  base: string,
  path: string,
  { method = 'GET', user = alice, headers = {}, body, chunked = false }: RawRequest = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const type = body === undefined ? {} : { 'content-type': 'multipart/mixed; boundary=frontier' };
    const asked = httpRequest(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${user}`, ...type, ...length, ...headers },
      agent: false,
    });
    asked.on('error', reject);
    asked.on('response', (answer) => {
      answer
        .toArray()
        .then((chunks) => resolve(read(answer.statusCode ?? 0, answer.headers, chunks)), reject);
    });
    asked.end(body);
  });
}

function read(status: number, headers: IncomingHttpHeaders, chunks: readonly Buffer[]): RawAnswer {
  const body = Buffer.concat(chunks);
  return {
    status,
    headers,
    body,
    get: (member) => (JSON.parse(body.toString()) as Readonly<Record<string, unknown>>)[member],
  };
}
