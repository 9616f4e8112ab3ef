import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from './until.ts';

/** Whether a process with this id exists and is no zombie of ours. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when none of the processes exists any more. */
export async function gone(pids: readonly number[]): Promise<void> {
  await until(`processes ${pids.join(', ')} to be gone`, () => pids.every((pid) => !isRunning(pid)));
}

/** A process that is asked to end, then made to, when disposed. */
export interface TestProcess extends AsyncDisposable {
  readonly pid: number;
  /** All of its standard output so far. */
  stdout(): string;
  stderr(): string;
  /** Resolves with exit code and signal. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  kill(signal: NodeJS.Signals): void;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly graceMs?: number;
}

export function openProcess(argv: readonly string[], options: ProcessOptions = {}): TestProcess {
  const [command = '', ...args] = argv;
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: 'pipe',
  });
  child.stdin.end(options.input ?? '');
  const out = collect(child.stdout);
  const err = collect(child.stderr);
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  return {
    pid: child.pid ?? -1,
    stdout: out,
    stderr: err,
    ended,
    kill: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: () => end(child, ended, options.graceMs ?? 20_000),
  };
}

async function end(child: ChildProcess, ended: Promise<unknown>, graceMs: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
