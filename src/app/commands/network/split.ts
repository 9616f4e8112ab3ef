import { openServeProcess, type ServeProcess } from './child.ts';

/** Federator and components of one backend as processes of their own, under this one. */
export interface SplitBackend extends AsyncDisposable {
  /** This process and the two others. */
  readonly pids: readonly number[];
  /** Resolves with the role whose process ended, whatever the reason. */
  readonly lost: Promise<string>;
}

const roles = ['federator', 'components'] as const;
const graceMs = 15_000;

/**
 * Starts both roles and resolves when both listen. The end of one is the end of the backend: half of it answers
 * nobody usefully, and whoever supervises this process starts it again.
 */
export async function openSplitBackend(configFile: string): Promise<SplitBackend> {
  await using opening = new AsyncDisposableStack();
  const started = roles.map((role) => ({
    role,
    process: opening.use(openServeProcess(['--config', configFile, '--role', role], undefined, graceMs)),
  }));
  await Promise.all(started.map(({ process }) => process.ready));
  const owned = opening.move();
  return {
    pids: [process.pid, ...started.map(({ process }) => pidOf(process))],
    lost: Promise.race(started.map(({ role, process }) => process.ended.then(() => role))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function pidOf({ child }: ServeProcess): number {
  if (child.pid === undefined) throw new Error('a process that is ready has an id');
  return child.pid;
}
