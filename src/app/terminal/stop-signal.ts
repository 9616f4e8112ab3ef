/**
 * Signals so soon after the first are the same wish: `timeout` and terminals send one to the process and once more to
 * its group.
 */
const sameWishMs = 500;

/** How often a process under npm looks whether its shell is still there. */
const shellWatchMs = 250;

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
  if (isRunByNpm(process.env.npm_lifecycle_script)) whenShellEnds(() => onSignal('SIGTERM'));
  return { signal: controller.signal, requested };
}

/** Whether what npm runs is this programme: `npm exec -- crosswire …` or one of the project's scripts. */
function isRunByNpm(script = ''): boolean {
  return /^'?crosswire\b|bin\/crosswire\b/.test(script);
}

/** npm passes a signal on to the shell that it runs the command in, which ends without passing it further. */
function whenShellEnds(onEnd: () => void): void {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    onEnd();
  }, shellWatchMs).unref();
}
