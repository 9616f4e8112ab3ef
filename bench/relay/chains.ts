import { startNginx } from './nginx.ts';
import { rpcPath } from './payload.ts';
import { type BenchProcess, startNode } from './processes.ts';
import { freePorts, publish, type Stage } from './stage.ts';

/** Processes that carry a request from a cleartext HTTP/2 front, over mutual TLS, to an answer and back. */
export interface Chain {
  readonly name: ChainName;
  readonly url: string;
  readonly pids: readonly number[];
}

export const chainNames = {
  crosswire: 'crosswire, 2 processes',
  connectionPerRequest: 'crosswire, a connection per request',
  bareThree: 'bare node:http2, 3 processes',
  bareTwo: 'bare node:http2, 2 processes',
  nginx: 'nginx, 3 processes',
} as const;

export type ChainName = (typeof chainNames)[keyof typeof chainNames];

/** Opens every chain that this machine can run; `owned` stops their processes. */
export async function openChains(stage: Stage, owned: AsyncDisposableStack): Promise<readonly Chain[]> {
  const chains: Chain[] = [];
  const add = (name: ChainName, port: number, processes: readonly BenchProcess[]) => {
    const url = `http://127.0.0.1:${port}${rpcPath}`;
    chains.push({ name, url, pids: processes.map(({ pid }) => pid) });
  };
  const start = async (
    script: string,
    args: Readonly<Record<string, string | number>>,
    flags: string[] = [],
  ) => {
    const named = Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)]);
    return owned.use(await startNode(script, [...named, '--folder', stage.folder, ...flags]));
  };
  const [
    outward = 0,
    single = 0,
    ingress = 0,
    egress3 = 0,
    ingress3 = 0,
    backend3 = 0,
    egress2 = 0,
    ingress2 = 0,
  ] = await freePorts(8);

  publish(stage.dns, ingress);
  const dns = stage.dns.endpoint;
  const b = await start('crosswire-process.ts', { side: 'b', dns, ingress });
  const pooled = await start('crosswire-process.ts', { side: 'a', dns, outward });
  add(chainNames.crosswire, outward, [pooled, b]);
  // As wire-server calls; the callee is the same process, which keeps no account of who called before.
  const unpooled = await start('crosswire-process.ts', { side: 'a', dns, outward: single }, ['--single-use']);
  add(chainNames.connectionPerRequest, single, [unpooled, b]);

  const back = await start('bare-process.ts', { role: 'backend', port: backend3 });
  const door = await start('bare-process.ts', { role: 'ingress', port: ingress3, to: backend3 });
  const way = await start('bare-process.ts', { role: 'egress', port: egress3, to: ingress3 });
  add(chainNames.bareThree, egress3, [way, door, back]);
  const answering = await start('bare-process.ts', { role: 'answering', port: ingress2 });
  const shortWay = await start('bare-process.ts', { role: 'egress', port: egress2, to: ingress2 });
  add(chainNames.bareTwo, egress2, [shortWay, answering]);

  const nginx = await startNginx(stage);
  if (nginx !== undefined) {
    for (const running of nginx.processes) owned.use(running);
    add(chainNames.nginx, nginx.port, nginx.processes);
  }
  return chains;
}
