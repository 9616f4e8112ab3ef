import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

/** A process of the bench, stopped by its id on disposal. */
export interface BenchProcess extends AsyncDisposable {
  readonly pid: number;
}

/** Starts a script beside this file and waits for its `ready`. */
export async function startNode(script: string, args: readonly string[]): Promise<BenchProcess> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const profile = process.env.BENCH_CPU_PROF;
  const flags = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const child = spawn(process.execPath, [...flags, path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const failed = ended.then(([code]) => {
    throw new Error(`${script} ended with ${String(code)} before it was ready`);
  });
  await Promise.race([once(child.stdout, 'data'), failed]);
  failed.catch(() => undefined);
  return processOf(child, ended);
}

/** Starts a program and waits until its port takes connections. */
export async function startProgram(
  program: string,
  args: readonly string[],
  port: number,
): Promise<BenchProcess> {
  const child = spawn(program, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  for (let attempt = 0; !(await takesConnections(port)); attempt += 1) {
    if (attempt === 100) throw new Error(`${program} does not listen on ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return processOf(child, ended);
}

function processOf(child: ChildProcess, ended: Promise<unknown>): BenchProcess {
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** `sysconf(_SC_CLK_TCK)` is 100 on every Linux that Node runs on. */
const msPerTick = 10;

/** CPU that processes have used so far, user and system, in milliseconds. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses, which may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * msPerTick;
  }, 0);
}
