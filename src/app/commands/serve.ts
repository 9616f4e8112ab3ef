import type { Backend, Role } from '../backend.ts';
import { loadConfig } from '../config.ts';
import { OperatorError } from '../terminal/failure.ts';
import { type StopSignal, stopSignal } from '../terminal/stop-signal.ts';
import type { ReadyMessage } from './network/child.ts';

export interface ServeCommand {
  readonly config: string;
  readonly role: 'all' | 'federator' | 'components' | 'split';
}

/** `crosswire serve`: runs until SIGTERM or SIGINT, then ends in order; a second signal ends it at once. */
export async function serve(command: ServeCommand): Promise<void> {
  const stop = stopSignal();
  endWithParent();
  try {
    if (command.role === 'split') await serveSplit(command, stop);
    else await serveHere(command, command.role, stop);
  } catch (failure) {
    // A start that was cut short by the signal is a stop like any other.
    if (!stop.signal.aborted || (failure as Error).name !== 'AbortError') throw failure;
  }
}

async function serveHere({ config: file }: ServeCommand, role: Role, stop: StopSignal): Promise<void> {
  const config = loadConfig(file);
  const { openBackend } = await import('../backend.ts');
  await using backend = await openBackend(config, { role, signal: stop.signal });
  announce(backend);
  tellReady([process.pid]);
  const outdated = await Promise.race([stop.requested, backend.outdated]);
  if (outdated !== undefined && !stop.signal.aborted) throw outdated;
}

/** Two processes under this one, which is all that whoever watches over the backend needs to know. */
async function serveSplit({ config: file }: ServeCommand, stop: StopSignal): Promise<void> {
  loadConfig(file);
  const { openSplitBackend } = await import('./network/split.ts');
  await using split = await openSplitBackend(file);
  tellReady(split.pids);
  const lost = await Promise.race([stop.requested, split.lost]);
  if (lost !== undefined && !stop.signal.aborted)
    throw new OperatorError(`the process of role ${lost} ended; the other one is stopped with it`);
}

function announce(backend: Backend): void {
  for (const { name, url } of backend.listeners) process.stderr.write(`${name.padEnd(9)} ${url}\n`);
  process.stderr.write(`${backend.domain} is ready\n`);
}

/** A process that `network` or another `serve` started tells it so; others have nobody to tell. */
function tellReady(pids: readonly number[]): void {
  const message: ReadyMessage = { ready: true, pids };
  process.send?.(message);
}

/** A backend that another process started for itself ends when that one is killed. */
function endWithParent(): void {
  if (process.send === undefined) return;
  process.once('disconnect', () => process.exit(1));
  // Listening to it must not keep a process alive that has nothing else to do.
  process.channel?.unref();
}
