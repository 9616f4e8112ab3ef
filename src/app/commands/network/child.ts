import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { OperatorError } from '../../terminal/failure.ts';

/** What a `serve` process tells the process that started it, once it listens everywhere. */
export interface ReadyMessage {
  readonly ready: true;
  /** All processes of this backend, itself first. */
  readonly pids: readonly number[];
}

/** Found from the package's root, because in the bundle this module lies elsewhere. */
const launcher = join(dirname(findPackageJSON('.', import.meta.url) ?? ''), 'bin', 'crosswire.js');

/**
 * Node's flags for every process of Crosswire; `bin/crosswire` has the same. The last two are for files that stream
 * through: by default V8 collects the whole heap for each 25 MB of buffers, which took half of the CPU of a download;
 * now it counts buffers with the rest of the heap, and a smaller young generation keeps them from piling up.
 */
export const nodeFlags = [
  '--disable-warning=ExperimentalWarning',
  '--external-memory-accounted-in-global-limit',
  '--max-semi-space-size=16',
] as const;

/** The command line that runs `crosswire` with these arguments: Node itself, so that its pid is the backend's. */
export function crosswireCommand(...args: readonly string[]): readonly [string, ...string[]] {
  return [process.execPath, ...nodeFlags, launcher, ...args];
}

/** A `serve` process that ends with this one: in order when disposed, at once when this process is killed. */
export interface ServeProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Resolves when it listens. Rejects when it ends first, with what it wrote. */
  readonly ready: Promise<ReadyMessage>;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

/**
 * Starts `crosswire serve`. The channel between the two tells readiness one way, and by its closing the death of the
 * parent the other way, so that no kill of the parent leaves a backend behind.
 */
export function openServeProcess(
  args: readonly string[],
  logFile: string | undefined,
  graceMs: number,
): ServeProcess {
  const [node, ...rest] = crosswireCommand('serve', ...args);
  const log = logFile === undefined ? 'inherit' : openSync(logFile, 'a');
  const child = spawn(node, rest, { stdio: ['ignore', 'ignore', log, 'ipc'] });
  if (typeof log === 'number') closeSync(log);
  const ended = once(child, 'exit').then(() => undefined);
  const ready = readiness(child, logFile);
  ready.catch(() => undefined);
  return {
    child,
    ready,
    ended,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function readiness(child: ChildProcess, logFile: string | undefined): Promise<ReadyMessage> {
  const messages = once(child, 'message').then(([message]) => message as ReadyMessage);
  const ended = once(child, 'exit').then(([code, signal]) => {
    const where = logFile === undefined ? 'see above' : `see ${logFile}`;
    throw new OperatorError(`a backend ended before it was ready (${code ?? signal}); ${where}`);
  });
  messages.catch(() => undefined);
  ended.catch(() => undefined);
  return Promise.race([messages, ended]);
}
