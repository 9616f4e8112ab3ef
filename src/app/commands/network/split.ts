import { OperatorError } from '../../terminal/failure.ts';
import type { StopSignal } from '../../terminal/stop-signal.ts';
import { openServeProcess } from './child.ts';

/** Federator and components of one backend as processes of their own, under this one. */
export interface SplitBackend extends AsyncDisposable {
  /** This process and the two others. */
  readonly pids: readonly number[];
}

const graceMs = 15_000;

/**
 * Starts both roles and resolves when both listen. The end of one is the end of the backend: half of it answers
 * nobody usefully, and whoever supervises this process starts it again.
 */
export async function openSplitBackend(configFile: string, stop: StopSignal): Promise<SplitBackend> {
  await using stack = new AsyncDisposableStack();
  const open = (role: string) =>
    stack.use(openServeProcess(['--config', configFile, '--role', role], undefined, graceMs));
  const federator = open('federator');
  const components = open('components');
  const roles = [federator, components];
  await Promise.all(roles.map(({ ready }) => ready));
  for (const { ended } of roles) void ended.then(() => stop.request());
  const owned = stack.move();
  return {
    pids: [process.pid, ...roles.map(({ child }) => pidOf(child.pid))],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function pidOf(pid: number | undefined): number {
  if (pid === undefined) throw new OperatorError('a role could not be started');
  return pid;
}
