import type { BackendDomain } from '#contract/ids.ts';
import type { OpenListener } from '#federator';
import { openStorage, watchMigrations } from '#storage';
import { setLogLevel } from '#telemetry';
import { openComponents } from './components.ts';
import type { Config } from './config.ts';
import { openFederatorAlone } from './federator-role.ts';
import { explainStart } from './start-failure.ts';
import { OperatorError } from './terminal/failure.ts';

/** `federator` runs outward, inward and ingress alone; `components` all the rest; `all` both in one process. */
export type Role = 'all' | 'federator' | 'components';

export interface BackendOptions {
  readonly role: Role;
  /** Cuts a start short. */
  readonly signal: AbortSignal;
}

/** A backend, or one role of it, that serves until it is disposed. */
export interface Backend extends AsyncDisposable {
  readonly domain: BackendDomain;
  readonly listeners: readonly OpenListener[];
  /** Resolves when a newer version has changed the database under this process, which must then stop. */
  readonly outdated: Promise<OperatorError>;
}

/**
 * The one place where parts meet. What is opened first is closed last: a stop takes no new requests, lets those under
 * way end, closes the sessions to remotes, then the storage.
 * @throws OperatorError in one line for what an operator can mend: a port in use, an unreadable key, a database away.
 */
export async function openBackend(config: Config, options: BackendOptions): Promise<Backend> {
  setLogLevel(config.log.level);
  await using opening = new AsyncDisposableStack();
  try {
    const { promise: outdated, resolve } = Promise.withResolvers<OperatorError>();
    const onOutdated = (message: string) => resolve(new OperatorError(message));
    const listeners = await openRole(opening, config, { ...options, onOutdated });
    const owned = opening.move();
    return { domain: config.domain, listeners, outdated, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  } catch (failure) {
    throw explainStart(failure, config);
  }
}

interface RoleOptions extends BackendOptions {
  readonly onOutdated: (message: string) => void;
}

async function openRole(
  stack: AsyncDisposableStack,
  config: Config,
  { role, signal, onOutdated }: RoleOptions,
): Promise<readonly OpenListener[]> {
  if (role === 'federator') return openFederatorAlone(stack, config, signal);
  const storage = stack.use(await openStorage(config.storage));
  stack.use(watchMigrations(storage.reader, onOutdated));
  return openComponents(stack, config, role, storage, signal);
}
