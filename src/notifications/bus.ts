import type { UserId } from '#contract/ids.ts';
import type { Delivery } from './delivery.ts';

/** What replicas tell one another after a commit. Everything in it survives a round of JSON. */
export type BusMessage =
  | { readonly tag: 'stored'; readonly users: readonly UserId[] }
  | { readonly tag: 'transient'; readonly delivery: Delivery };

/**
 * Carries messages to every replica, this one included. Messages may be lost, doubled or overtake one another: a
 * stored event is found without them, only later.
 */
export interface Bus {
  publish(message: BusMessage): void;
  subscribe(listener: (message: BusMessage) => void): Disposable;
}

/** The bus of a backend of one process. */
export function createInProcessBus(): Bus {
  const listeners = new Set<(message: BusMessage) => void>();
  return {
    publish(message) {
      for (const listener of listeners) listener(message);
    },
    subscribe(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
  };
}
