import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, createKey, type KeyPair } from '../ca/index.ts';

/** What a backend has asked of a service. */
export interface ReceivedCall {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** A service over HTTPS on loopback, which remembers what it took. */
export interface TestService extends AsyncDisposable {
  /** `https://127.0.0.1:port/…`, the same after a stop. */
  readonly url: string;
  /** Of its key, in PEM. */
  readonly publicKey: string;
  readonly calls: readonly ReceivedCall[];
  /** Answers calls; 200 without a body when not given. May be changed at any time. */
  answer: (call: ReceivedCall) => ServiceAnswer | Promise<ServiceAnswer>;
  /** Refuses connections until it is started again, with another key if one is given. */
  stop(): Promise<void>;
  start(key?: KeyPair): Promise<void>;
}

/** Opens a service whose certificate nobody vouches for but its key. */
export async function openTestService(): Promise<TestService> {
  const key = createKey('RSA-2048');
  const authority = createAuthority();
  const calls: ReceivedCall[] = [];
  let server: Server | undefined;
  let port = 0;

  const certificateOf = (keys: KeyPair) =>
    authority.issue({ key: keys, commonName: 'service', names: ['service.example.com'] });
  const service: TestService = {
    get url() {
      return `https://127.0.0.1:${port}/api`;
    },
    publicKey: key.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    calls,
    answer: () => ({ status: 200 }),
    async start(keys = key) {
      const issued = certificateOf(keys);
      server = createServer({ cert: issued.chain, key: issued.key }, async (request, response) => {
        const text = Buffer.concat(await Array.fromAsync(request)).toString();
        const { authorization } = request.headers;
        const body: unknown = text === '' ? undefined : JSON.parse(text);
        const call = { path: request.url ?? '', authorization, body };
        const answer = await service.answer(call);
        // What was not taken is not remembered as taken.
        if (answer.status < 300) calls.push(call);
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
      });
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      ({ port } = server.address() as AddressInfo);
    },
    async stop() {
      if (server === undefined) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      server = undefined;
      await closed;
    },
    [Symbol.asyncDispose]: () => service.stop(),
  };
  await service.start();
  return service;
}
