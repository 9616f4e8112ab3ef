import type { Push, Recipient } from '#contract/events/push.ts';
import type { UserId } from '#contract/ids.ts';
import type { ClientSocket } from './client-socket.ts';

/** The open sockets, by user. */
export class SocketRegistry {
  readonly #live = new Map<UserId, ClientSocket[]>();

  /** Takes a socket in. One of the same session loses its place to it. */
  add(socket: ClientSocket): void {
    const { user, connectionId } = socket.session;
    const others = this.#live.get(user);
    if (others === undefined) {
      this.#live.set(user, [socket]);
      return;
    }
    const at = others.findIndex((other) => other.session.connectionId === connectionId);
    if (at === -1) {
      others.push(socket);
    } else {
      others[at]?.displace();
      others[at] = socket;
    }
  }

  remove(socket: ClientSocket): void {
    const { user } = socket.session;
    const left = this.#live.get(user)?.filter((other) => other !== socket) ?? [];
    if (left.length === 0) this.#live.delete(user);
    else this.#live.set(user, left);
  }

  /** The sockets that have their place; undefined when there are none. */
  ofUser(user: UserId): readonly ClientSocket[] | undefined {
    return this.#live.get(user);
  }

  /**
   * Sends a frame to the sockets that a push to this recipient is for: of all clients or the named ones, and not to
   * the session that caused it. `frame` is asked for only when there is such a socket.
   * @returns how many took it
   */
  send({ user, clients }: Recipient, origin: Push['origin'], frame: () => Buffer): number {
    const sockets = this.#live.get(user);
    if (sockets === undefined) return 0;
    let taken = 0;
    for (const socket of sockets) {
      const { client, connectionId } = socket.session;
      if (clients !== undefined && client !== undefined && !clients.includes(client)) continue;
      if (origin !== undefined && origin.user === user && origin.connectionId === connectionId) continue;
      if (socket.send(frame())) taken += 1;
    }
    return taken;
  }
}
