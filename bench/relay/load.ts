import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect } from 'node:http2';
import { question } from './payload.ts';
import type { Stage } from './stage.ts';

/** What came of one round of load. Times in milliseconds. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly failures: number;
  readonly latencies: readonly number[];
}

const sessions = 8;
const streamsPerSession = 8;
export const inFlight = sessions * streamsPerSession;

const h2load = ['/usr/bin/h2load', '/usr/local/bin/h2load'].find((path) => existsSync(path));
export const generator = h2load === undefined ? 'node' : 'h2load';

/** Keeps `inFlight` requests going for a while. A program of its own does it when there is one: it costs less CPU. */
export async function drive(stage: Stage, url: string, seconds: number): Promise<Load> {
  return h2load === undefined ? driveWithNode(url, seconds) : driveWithH2load(h2load, stage, url, seconds);
}

async function driveWithH2load(program: string, stage: Stage, url: string, seconds: number): Promise<Load> {
  const body = stage.scratch('question.json');
  const log = stage.scratch('h2load.log');
  await writeFile(body, question);
  await rm(log, { force: true });
  const output = await outputOf(program, [
    ...['-t1', `-c${sessions}`, `-m${streamsPerSession}`, '-D', String(seconds), '-d', body],
    ...['-H', 'content-type: application/json', '-H', 'wire-origin-domain: a.example.com'],
    ...[`--log-file=${log}`, url],
  ]);
  const counts = /(\d+) total, \d+ started, (\d+) done, (\d+) succeeded, (\d+) failed/.exec(output);
  if (counts === null) throw new Error(`h2load said: ${output.slice(0, 500)}`);
  const badStatus = [...output.matchAll(/(\d+) [345]xx/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  const lines = (await readFile(log, 'utf8')).trim().split('\n');
  // A round in which nothing was answered leaves one empty line.
  const latencies = lines.map((line) => Number(line.split('\t')[2]) / 1000).filter(Number.isFinite);
  return { requests: Number(counts[2]), seconds, failures: Number(counts[4]) + badStatus, latencies };
}

function outputOf(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer) => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
}

async function driveWithNode(url: string, seconds: number): Promise<Load> {
  const target = new URL(url);
  const open = Array.from({ length: sessions }, () => connect(target.origin));
  const until = performance.now() + seconds * 1000;
  const latencies: number[] = [];
  let failures = 0;
  const lane = async (session: ClientHttp2Session) => {
    while (performance.now() < until) {
      const startedAt = performance.now();
      if (!(await askOnce(session, target.pathname))) failures += 1;
      latencies.push(performance.now() - startedAt);
    }
  };
  await Promise.all(
    open.flatMap((session) => Array.from({ length: streamsPerSession }, () => lane(session))),
  );
  for (const session of open) session.destroy();
  return { requests: latencies.length, seconds, failures, latencies };
}

function askOnce(session: ClientHttp2Session, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    let status = 0;
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/json',
      'content-length': question.length,
      'wire-origin-domain': 'a.example.com',
    });
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
    });
    stream.on('error', () => undefined);
    stream.on('close', () => resolve(status === 200));
    stream.resume();
    stream.end(question);
  });
}
