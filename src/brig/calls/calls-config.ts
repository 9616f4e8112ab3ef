import { createHmac, randomInt } from 'node:crypto';
import type { CallsConfig, IceServer, SftServer } from '#contract/client/calls.ts';
import { refuse } from '#contract/refusal.ts';
import type { CallSettings } from '../settings.ts';
import { legacyServers, limitServers } from './turn-servers.ts';

/** What clients need for calls. */
export interface CallsConfigs {
  /**
   * All servers, or so many TURN servers.
   * @throws Refusal `not-found:turn-servers`
   */
  get(limit: number | undefined): CallsConfig;
  /**
   * For clients that know IPv4 addresses and UDP only, and no conference servers.
   * @throws Refusal `not-found:turn-servers`
   */
  getLegacy(): CallsConfig;
}

/**
 * Servers come in another order each time, which spreads the load. The user names and their HMACs are in the form that
 * Wire's TURN and SFT servers check: they hold until their `d`, without asking this backend (wire-server,
 * `Brig.Calling.API`).
 */
export function createCallsConfigs({ turn, sft }: CallSettings, now: () => number): CallsConfigs {
  const expiry = (seconds: number) => Math.floor(now() / 1000) + seconds;

  function iceServers(servers: readonly string[]): IceServer[] {
    if (turn === undefined || servers.length === 0) throw refuse('not-found:turn-servers');
    return servers.map((server) => {
      const username = `d=${expiry(turn.credentialSeconds)}.v=1.k=0.t=s.r=${randomName()}`;
      return { urls: [server], username, credential: hmac(turn.digest, turn.secret, username) };
    });
  }

  function withCredential(url: string): SftServer {
    const { secret, credentialSeconds } = sft ?? {};
    if (secret === undefined || credentialSeconds === undefined) return { urls: [url] };
    const username = `d=${expiry(credentialSeconds)}.v=1.k=0.s=1.r=${randomName()}`;
    return { urls: [url], username, credential: hmac('sha512', secret, username) };
  }

  function sftServers(): Pick<CallsConfig, 'sft_servers' | 'sft_servers_all'> {
    if (sft === undefined) return {};
    const servers = shuffled(sft.servers);
    return {
      ...(servers.length === 0 ? {} : { sft_servers: servers.map((url) => ({ urls: [url] })) }),
      ...(sft.listAll ? { sft_servers_all: servers.map(withCredential) } : {}),
    };
  }

  const ttl = turn?.refreshSeconds ?? 0;
  return {
    get(limit) {
      const servers = shuffled(turn?.servers ?? []);
      const chosen = limit === undefined ? servers : shuffled(limitServers(servers, limit));
      return { ice_servers: iceServers(chosen), ...sftServers(), ttl };
    },
    getLegacy: () => ({ ice_servers: iceServers(shuffled(legacyServers(turn?.servers ?? []))), ttl }),
  };
}

function hmac(digest: 'sha1' | 'sha512', secret: string, username: string): string {
  return createHmac(digest, secret).update(username).digest('base64');
}

const nameLength = 16;

/** Tells one login from another; it names no user. */
function randomName(): string {
  return Array.from({ length: nameLength }, () => String.fromCharCode(97 + randomInt(26))).join('');
}

function shuffled<T>(items: readonly T[]): T[] {
  const left = [...items];
  return items.flatMap(() => left.splice(randomInt(left.length), 1));
}
