import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { createUser, openNetwork, type TestUser } from '#testkit';
import { startNginx } from '../relay/nginx.ts';
import { cpuMs } from '../relay/processes.ts';
import { openStage } from '../relay/stage.ts';

/**
 * Files across backends: users of B download a file of A through both federators, beside nginx that serves the same file
 * through an egress and an ingress with mutual TLS between them. The client is in this process and not counted; compare
 * MB per second of CPU, since client and servers share the machine.
 */

const fileBytes = 50 * 1024 * 1024;
const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
const concurrencies = (process.env.BENCH_DOWNLOADS ?? '1,10,100').split(',').map(Number);
const sampleMs = 50;

export interface AssetMeasurement {
  readonly chain: 'crosswire' | 'nginx';
  readonly downloads: number;
  readonly megabytesPerSecond: number;
  readonly megabytesPerCpuSecond: number;
  /** As a multiple of nginx's with as many downloads. */
  readonly toNginx: number;
  /** The most that both backends held beyond what they held before, for each stream. */
  readonly extraMiBPerStream: number;
}

interface Chain {
  readonly name: AssetMeasurement['chain'];
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly pids: readonly number[];
}

type Round = Omit<AssetMeasurement, 'chain' | 'downloads' | 'toNginx'>;

export async function run(): Promise<readonly AssetMeasurement[]> {
  await using owned = new AsyncDisposableStack();
  const bytes = randomBytes(fileBytes);
  const chains = [await openCrosswire(owned, bytes), ...(await openNginx(owned, bytes))];
  const measured: AssetMeasurement[] = [];
  for (const chain of chains) await measure(chain, 2);
  for (const downloads of concurrencies) {
    const all = new Map<Chain, Round[]>(chains.map((chain) => [chain, []]));
    for (let round = 0; round < rounds; round += 1)
      for (const chain of chains) all.get(chain)?.push(await measure(chain, downloads));
    const middles = chains.map((chain) => ({ chain, ...middle(all.get(chain) ?? []) }));
    const nginx = middles.find(({ chain }) => chain.name === 'nginx')?.megabytesPerCpuSecond;
    for (const { chain, ...round } of middles)
      measured.push({
        chain: chain.name,
        downloads,
        ...round,
        toNginx: rounded(round.megabytesPerCpuSecond / (nginx ?? Number.NaN)),
      });
  }
  return measured;
}

async function openCrosswire(owned: AsyncDisposableStack, bytes: Buffer): Promise<Chain> {
  const network = owned.use(await openNetwork({ backends: 2 }));
  const [a, b] = [network.backend(0), network.backend(1)];
  const alice = await createUser(a, { name: 'Alice' });
  const bob = await createUser(b, { name: 'Bob' });
  const { key, token } = await upload(a.clientApi, alice, bytes);
  const query = new URLSearchParams({ asset_token: token });
  return {
    name: 'crosswire',
    url: `${b.clientApi}/v5/assets/${a.domain}/${key}?${query}`,
    headers: { authorization: `Bearer ${bob.token}` },
    pids: [...a.pids, ...b.pids],
  };
}

async function upload(clientApi: string, user: TestUser, file: Buffer) {
  const settings = '{}';
  const md5 = createHash('md5').update(file).digest('base64');
  const head =
    `--frontier\r\nContent-Type: application/json\r\nContent-Length: ${settings.length}\r\n\r\n${settings}\r\n` +
    `--frontier\r\nContent-Type: application/octet-stream\r\nContent-Length: ${file.length}\r\n` +
    `Content-MD5: ${md5}\r\n\r\n`;
  const answer = await fetch(`${clientApi}/v5/assets`, {
    method: 'POST',
    headers: { authorization: `Bearer ${user.token}`, 'content-type': 'multipart/mixed; boundary=frontier' },
    body: new Uint8Array(Buffer.concat([Buffer.from(head), file, Buffer.from('\r\n--frontier--\r\n')])),
  });
  if (answer.status !== 201) throw new Error(`upload: found ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as { readonly key: string; readonly token: string };
}

async function openNginx(owned: AsyncDisposableStack, bytes: Buffer): Promise<readonly Chain[]> {
  const stage = owned.use(await openStage());
  const folder = stage.scratch('files');
  await mkdir(folder);
  await writeFile(`${folder}/file`, bytes);
  const started = await startNginx(stage, { content: `root ${folder}; sendfile on;`, egressHttp2: false });
  if (started === undefined) return [];
  for (const one of started.processes) owned.use(one);
  return [
    {
      name: 'nginx',
      url: `http://127.0.0.1:${started.port}/file`,
      headers: {},
      pids: started.processes.map(({ pid }) => pid),
    },
  ];
}

async function measure({ url, headers, pids }: Chain, downloads: number): Promise<Round> {
  const agent = new Agent({ maxSockets: downloads });
  const held = rssBytes(pids);
  let most = held;
  const sampling = setInterval(() => {
    most = Math.max(most, rssBytes(pids));
  }, sampleMs);
  const before = cpuMs(pids);
  const start = performance.now();
  try {
    await Promise.all(Array.from({ length: downloads }, () => download(url, headers, agent)));
  } finally {
    clearInterval(sampling);
    agent.destroy();
  }
  const seconds = (performance.now() - start) / 1000;
  const cpuSeconds = (cpuMs(pids) - before) / 1000;
  const megabytes = (downloads * fileBytes) / 1e6;
  return {
    megabytesPerSecond: rounded(megabytes / seconds),
    megabytesPerCpuSecond: rounded(megabytes / cpuSeconds),
    extraMiBPerStream: rounded((most - held) / 1024 / 1024 / downloads),
  };
}

function download(url: string, headers: Chain['headers'], agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { headers, agent }, (answer) => {
      let length = 0;
      let first: Buffer | undefined;
      answer.on('data', (chunk: Buffer) => {
        first ??= chunk;
        length += chunk.length;
      });
      answer.on('end', () => {
        if (answer.statusCode === 200 && length === fileBytes) resolve();
        else
          reject(
            new Error(`found ${answer.statusCode}, ${length} bytes, ${String(first?.subarray(0, 300))}`),
          );
      });
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

function rssBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return sum + Number(kib) * 1024;
  }, 0);
}

function middle(all: readonly Round[]): Round {
  const of = (key: keyof Round) =>
    all.map((round) => round[key]).toSorted((one, other) => one - other)[Math.floor(all.length / 2)] ??
    Number.NaN;
  return {
    megabytesPerSecond: of('megabytesPerSecond'),
    megabytesPerCpuSecond: of('megabytesPerCpuSecond'),
    extraMiBPerStream: of('extraMiBPerStream'),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
