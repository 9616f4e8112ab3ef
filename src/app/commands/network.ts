import { OperatorError } from '../terminal/failure.ts';
import { stopSignal } from '../terminal/stop-signal.ts';
import { parseOverride } from './network/overrides.ts';
import { openRunningNetwork } from './network/run.ts';

export interface NetworkCommand {
  readonly backends: string;
  readonly dir: string;
  readonly set: readonly string[];
  readonly storage: 'sqlite' | 'postgres';
  readonly roleSplit?: boolean;
}

/** One letter each. */
const mostBackends = 26;

/** `crosswire network`: standard output gets the one JSON line and nothing else. */
export async function network(command: NetworkCommand): Promise<void> {
  const backends = Number(command.backends);
  if (!Number.isInteger(backends) || backends < 1 || backends > mostBackends)
    throw new OperatorError(`--backends: found ${command.backends}, expected 1 to ${mostBackends}`);
  const stop = stopSignal();
  await using running = await openRunningNetwork({
    backends,
    directory: command.dir,
    overrides: command.set.map(parseOverride),
    storage: command.storage,
    roleSplit: command.roleSplit ?? false,
  });
  process.stdout.write(`${JSON.stringify(running.description)}\n`);
  await stop.requested;
}
