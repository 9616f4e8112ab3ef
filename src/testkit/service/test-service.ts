import type { KeyPair } from '../ca/index.ts';
import { createSelfSigned, openPinnedServer, type ServiceReply } from './pinned-server.ts';

/** What a backend has asked of a service. */
export interface ReceivedCall {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** A service over HTTPS on loopback, which remembers what it took. */
export interface TestService extends AsyncDisposable {
  /** `https://127.0.0.1:port/…`, the same after a stop. */
  readonly url: string;
  /** Of its key, in PEM. */
  readonly publicKey: string;
  readonly calls: readonly ReceivedCall[];
  /** Answers calls; 200 without a body when not given. May be changed at any time. */
  answer: (call: ReceivedCall) => ServiceReply | Promise<ServiceReply>;
  /** Refuses connections until it is started again, with another key if one is given. */
  stop(): Promise<void>;
  start(key?: KeyPair): Promise<void>;
}

/** Opens a service with bots, which makes none unless it is told how to answer. */
export async function openTestService(): Promise<TestService> {
  const calls: ReceivedCall[] = [];
  const server = await openPinnedServer(async ({ path, authorization, body }) => {
    const call = { path, authorization, body };
    const reply = await service.answer(call);
    // What was not taken is not remembered as taken.
    if (reply.status < 300) calls.push(call);
    return reply;
  });
  const service: TestService = {
    url: `https://127.0.0.1:${server.port}/api`,
    publicKey: server.publicKey,
    calls,
    answer: () => ({ status: 200 }),
    stop: () => server.stop(),
    start: (key) => server.start(key && createSelfSigned({ key })),
    [Symbol.asyncDispose]: () => server.stop(),
  };
  return service;
}
