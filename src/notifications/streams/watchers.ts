import type { UserId } from '#contract/ids.ts';
import type { Delivery } from '../delivery.ts';

/** Told after a commit of the users in whose streams it has put something. */
export type StreamWatcher = (users: readonly UserId[]) => void;

/** Who wants to know of new events, beside sockets. */
export class Watchers {
  readonly #watchers = new Set<StreamWatcher>();

  add(watcher: StreamWatcher): Disposable {
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  deliver(deliveries: readonly Delivery[]): void {
    if (this.#watchers.size === 0) return;
    const stored = deliveries.filter(({ transient }) => !transient);
    const users = [...new Set(stored.flatMap(({ recipients }) => recipients.map(({ user }) => user)))];
    if (users.length > 0) for (const watcher of this.#watchers) watcher(users);
  }
}
