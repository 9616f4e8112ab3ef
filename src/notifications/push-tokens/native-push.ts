import type { PushToken } from '#contract/client/push-tokens.ts';
import type { ClientId, UserId } from '#contract/ids.ts';
import type { Reader } from '#storage';
import type { Delivery } from '../delivery.ts';
import { log, nativePushEnded } from '../telemetry.ts';
import { listTokensOf, type UserToken } from './token-store.ts';

/** Says to one device that there is something; what it is, the client fetches itself. */
export interface NativeHint {
  readonly user: UserId;
  readonly token: PushToken;
  readonly notificationId: string;
  readonly priority: 'low' | 'high';
}

/**
 * The way to the push services of Apple and Google. Crosswire brings none: it takes an account with them. What is
 * given as `nativePush` is asked to deliver; `createLogNativePush` only says what would be sent.
 */
export interface NativePush {
  /** Resolves when the service has taken the hint. A failure is counted, and not tried again. */
  send(hint: NativeHint): Promise<void>;
}

/** Writes hints to the log instead of sending them. */
export function createLogNativePush(): NativePush {
  return {
    async send({ user, token, notificationId, priority }) {
      const { transport, app, client } = token;
      log.info({ user, client, transport, app, notificationId, priority }, 'native push');
    },
  };
}

export interface NativePushesNeeds {
  readonly reader: Reader;
  readonly nativePush: NativePush;
  hasSocket(user: UserId, client: ClientId): boolean;
}

/** Deliveries that wait while a service is slow; beyond it the oldest are given up, since hints go stale. */
const maxWaiting = 1_000;
const usersPerRead = 500;

/** Sends hints to the devices of recipients that have no open socket here, behind the requests that cause them. */
export class NativePushes implements AsyncDisposable {
  readonly #needs: NativePushesNeeds;
  readonly #waiting: Delivery[] = [];
  #sending: Promise<void> | undefined;
  #closed = false;

  constructor(needs: NativePushesNeeds) {
    this.#needs = needs;
  }

  deliver(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (delivery.transient || delivery.route === 'direct' || this.#closed) continue;
      this.#waiting.push(delivery);
      if (this.#waiting.length > maxWaiting) {
        this.#waiting.shift();
        nativePushEnded('failed');
      }
    }
    if (this.#waiting.length > 0) this.#sending ??= this.#sendAll();
  }

  /** Finishes the hint that is being sent and gives up the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#waiting.length = 0;
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (;;) {
      const delivery = this.#waiting.shift();
      if (delivery === undefined) break;
      try {
        await this.#sendOne(delivery);
      } catch (error) {
        nativePushEnded('failed', error);
      }
    }
    this.#sending = undefined;
  }

  async #sendOne({ recipients, id, priority }: Delivery): Promise<void> {
    for (let at = 0; at < recipients.length; at += usersPerRead) {
      const some = new Map(
        recipients.slice(at, at + usersPerRead).map(({ user, clients }) => [user, clients]),
      );
      const tokens = await listTokensOf(this.#needs.reader, [...some.keys()]);
      for (const { user, token } of tokens) {
        if (some.get(user)?.includes(token.client) === false) continue;
        if (!this.#needs.hasSocket(user, token.client)) await this.#hint({ user, token }, id, priority);
      }
    }
  }

  async #hint({ user, token }: UserToken, notificationId: string, priority: 'low' | 'high'): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#needs.nativePush.send({ user, token, notificationId, priority });
      nativePushEnded('sent');
    } catch (error) {
      nativePushEnded('failed', error);
    }
  }
}
