import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AuthenticatedUser, VersionRange } from './route.ts';

/** A request of an authenticated user to speak WebSocket from here on. */
export interface Upgrade {
  readonly user: AuthenticatedUser;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What the caller has already sent behind the request. */
  readonly head: Buffer;
}

/** Who takes such requests over at a path, as a part hands it to the gateway. */
export interface UpgradeRoute {
  /** `/await`, without version prefix. */
  readonly path: string;
  /** All when not given. */
  readonly versions?: VersionRange;
  /** @throws Refusal while nothing has been answered yet. */
  take(upgrade: Upgrade): Promise<void>;
}
