/**
 * Signals so soon after the first are the same wish: `timeout` and terminals send one to the process and once more to
 * its group.
 */
const sameWishMs = 500;

/** Becomes aborted on SIGTERM or SIGINT. A second signal ends the process at once. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** Resolves when the first signal has arrived. */
  readonly requested: Promise<void>;
}

/** Ties the process's signals to one abort signal. Called once, by a command. */
export function stopSignal(): StopSignal {
  const controller = new AbortController();
  const { promise: requested, resolve } = Promise.withResolvers<void>();
  let firstAt = 0;
  const request = () => {
    firstAt = performance.now();
    controller.abort();
    resolve();
  };
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) return request();
    if (performance.now() - firstAt < sameWishMs) return;
    process.stderr.write(`crosswire: second ${name}, ending at once\n`);
    process.exit(1);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return { signal: controller.signal, requested };
}
