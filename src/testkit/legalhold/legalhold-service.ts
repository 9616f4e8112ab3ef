import { lastResortId, makePrekey, makePrekeys } from '../clients/prekeys.ts';
import { createSelfSigned, openPinnedServer, type ServiceReply } from '../service/index.ts';

/** What the service was asked, as it came. */
export interface LegalholdRequest {
  readonly method: string;
  /** Below the base URL: `/initiate`. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface LegalholdServiceOptions {
  /** Where its certificate ends. */
  readonly notAfter?: Date;
}

/** A service that makes a new device whenever it is asked, and keeps what it is told. */
export interface LegalholdTestService extends AsyncDisposable {
  /** What a team registers of it. */
  readonly settings: { readonly base_url: string; readonly public_key: string; readonly auth_token: string };
  readonly requests: readonly LegalholdRequest[];
  /** Answers a path so from now on; as usual when nothing is given. */
  answer(path: string, reply?: ServiceReply): void;
}

const basePath = '/legalhold';

export async function openLegalholdService(
  options: LegalholdServiceOptions = {},
): Promise<LegalholdTestService> {
  const requests: LegalholdRequest[] = [];
  const replies = new Map<string, ServiceReply>();
  const server = await openPinnedServer((request) => {
    const path = request.path.slice(basePath.length);
    const body = (request.body ?? {}) as LegalholdRequest['body'];
    requests.push({ ...request, path, body });
    return { body: {}, ...(replies.get(path) ?? usualReply(path)) };
  }, createSelfSigned(options));
  return {
    settings: {
      base_url: `https://127.0.0.1:${server.port}${basePath}`,
      public_key: server.publicKey,
      auth_token: 'a-token-of-the-team',
    },
    requests,
    answer(path, reply) {
      if (reply === undefined) replies.delete(path);
      else replies.set(path, reply);
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function usualReply(path: string): ServiceReply {
  if (path !== '/initiate') return { status: 200 };
  return { status: 200, body: { prekeys: makePrekeys(0, 3), last_prekey: makePrekey(lastResortId) } };
}
