import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Refusal, refuse } from '#contract/refusal.ts';
import { inVersion } from '#contract/route.ts';
import type { UpgradeRoute } from '#contract/upgrade.ts';
import type { VerifyToken } from '#contract/verified-token.ts';
import { errorAnswer } from './adapter/answer.ts';
import { defaultLimits, type ListenerLimits } from './adapter/listener.ts';
import { assertRequestForm, originForm } from './limits/request-form.ts';
import { requestFailed, requestRefused } from './telemetry.ts';
import { authenticateAs } from './tokens/authenticate.ts';
import { enabledVersions, readVersion } from './versions/version-prefix.ts';

export interface UpgradesOptions {
  readonly routes: readonly UpgradeRoute[];
  readonly verifyToken: VerifyToken;
  readonly disabledVersions?: readonly string[];
  readonly limits?: Partial<ListenerLimits>;
}

/** Takes over requests to change protocols, for `GatewayOptions.onUpgrade`. */
export type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Whether a request is one to speak WebSocket. Others that name a protocol (`h2c`) are answered as plain ones. */
export function asksForWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket';
}

/**
 * The way of a request that becomes a WebSocket: form, version, path, token, then whoever takes the path. A refusal
 * is answered in plain HTTP, with the error body that every request gets.
 */
export function createUpgrades(options: UpgradesOptions): OnUpgrade {
  const versions = enabledVersions(options.disabledVersions ?? []);
  const limits = { ...defaultLimits, ...options.limits };
  const routes = new Map(options.routes.map((route) => [route.path, route]));

  const take = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const target = originForm(request.url ?? '/');
    assertRequestForm(request, target, limits);
    const versioned = readVersion(target, versions);
    if (versioned instanceof Refusal) throw versioned;
    const { pathname, searchParams: query } = new URL(versioned.url, 'http://gateway.invalid');
    const route = routes.get(pathname);
    if (route === undefined || !inVersion(route, versioned.version)) throw refuse('no-endpoint');
    const credentials = {
      authorization: request.headers.authorization,
      accessToken: query.get('access_token') ?? undefined,
      cookie: undefined,
    };
    const user = authenticateAs('user', credentials, pathname, options.verifyToken);
    await route.take({ user, query, request, socket, head });
  };

  return (request, socket, head) => {
    socket.on('error', drop);
    take(request, socket, head).catch((error: unknown) => {
      if (!(error instanceof Refusal)) requestFailed('client', 'upgrade', 'upgrade', error);
      const answer = errorAnswer(error);
      requestRefused('client', answer.label);
      refuseUpgrade(socket, answer);
    });
  };
}

function drop(this: Duplex): void {
  this.destroy();
}

function refuseUpgrade(socket: Duplex, { status, headers, body }: ReturnType<typeof errorAnswer>): void {
  if (!socket.writable) return;
  const lines = [
    `HTTP/1.1 ${status} ${status < 500 ? 'Refused' : 'Failed'}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
