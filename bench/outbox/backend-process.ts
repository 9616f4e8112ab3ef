import { parseArgs } from 'node:util';
import { apiVersion } from '#contract/federation/brig.ts';
import type { FederationDeliverer } from '#contract/federation-caller.ts';
import { type BackendDomain, parseBackendDomain, parseInfrastructureDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { ServedRpc } from '#contract/rpc.ts';
import { createFederationCaller } from '#contract/rpc-caller.ts';
import { createDispatcher } from '#contract/rpc-dispatch.ts';
import { type Federator, openFederator, type Policy } from '#federator';
import { type Outbox, type OutboxSettings, openOutbox } from '#outbox';
import { openStorage, type Storage } from '#storage';
import { setLogLevel } from '#telemetry';
import { type Answer, type Command, type ModeName, onTextSent, text } from './notification.ts';

/** One backend with what an outbox needs: storage, federator, and an RPC that takes notifications exactly once. */

const { values } = parseArgs({
  options: {
    side: { type: 'string', default: 'a' },
    ingress: { type: 'string', default: '0' },
    dns: { type: 'string', default: '' },
    folder: { type: 'string', default: '.' },
    storage: { type: 'string', default: '' },
  },
});

setLogLevel('warn');

const ownDomain = parseBackendDomain(`${values.side}.example.com`);
const infrastructureDomain = parseInfrastructureDomain(`wire.${values.side}.example.com`);
if (ownDomain === undefined || infrastructureDomain === undefined) throw new Error(`no side ${values.side}`);
const remote = 'b.example.com' as BackendDomain;

const modes: Readonly<Record<ModeName, Partial<OutboxSettings>>> = {
  bundles: {},
  'one request each': { bundles: false },
  'one at a time': { bundles: false, concurrentRows: 1 },
};

const storage: Storage = await openStorage({ url: values.storage });
const policy: Policy = {
  strategy: 'allowAll',
  admit: () => undefined,
  find: () => undefined,
  list: () => [],
};
const federator: Federator = await openFederator({
  ownDomain,
  infrastructureDomain,
  policy,
  certificateFiles: {
    certificate: `${values.folder}/${values.side}.pem`,
    key: `${values.folder}/${values.side}.key`,
    ca: `${values.folder}/ca.pem`,
  },
  trustServerOnlyCertificates: false,
  trustedIngress: [],
  discovery: { servers: [values.dns], egress: { allow: ['127.0.0.0/8'] } },
  limits: { requestBytes: 8 * 1024 * 1024, closeGraceMs: 1000 },
});

const nowhere: FederationDeliverer = {
  deliver: () => Promise.reject(refuse('federation-denied')),
  deliverBundle: () => Promise.reject(refuse('federation-denied')),
  takesBundles: () => Promise.reject(refuse('federation-denied')),
};

function open(domain: BackendDomain, federation: FederationDeliverer, mode: ModeName): Outbox {
  return openOutbox({
    ownDomain: domain,
    storage,
    federation,
    queuedRpcs: [onTextSent],
    dispatcher: () => dispatcher,
    settings: { closeGraceMs: 0, ...modes[mode] },
  });
}

let taken = 0;
const inbox = open(ownDomain, nowhere, 'bundles');
const served: readonly ServedRpc[] = [
  {
    rpc: onTextSent,
    handler: async (context) => {
      await storage.work(async (work) => {
        if (await inbox.first(work, context)) work.onCommit(() => (taken += 1));
      });
      return {};
    },
  },
  {
    rpc: apiVersion,
    handler: () => ({ supported_versions: [0, 1], supported: [0, 1], crosswire: { bundles: true } }),
  },
  ...inbox.rpcs,
];
const dispatcher = createDispatcher(served, {
  onBug: (error) => {
    throw error;
  },
});
const host = '127.0.0.1';
await federator.openDoors(
  { outward: { host, port: 0 }, inward: { host, port: 0 }, ingress: { host, port: Number(values.ingress) } },
  dispatcher,
);
const federation = createFederationCaller({
  ownDomain,
  transport: federator.transport,
  maxAnswerBytes: 1024 * 1024,
  versionMaxAgeMs: 3_600_000,
});

/** Units of work that are begun together, as under load. */
const atOnce = 100;

async function tell(outbox: Outbox, rows: number, lanes: number): Promise<void> {
  for (let begun = 0; begun < rows; begun += atOnce)
    await Promise.all(
      Array.from({ length: Math.min(atOnce, rows - begun) }, (_, index) => {
        const number = begun + index;
        const lane = `lane:${number % lanes}`;
        return storage.work((work) => outbox.tell(work, [remote], onTextSent, lane, { lane, number, text }));
      }),
    );
}

async function run(command: Command, domain: BackendDomain): Promise<Answer> {
  if (command.command === 'count') {
    const count = taken;
    taken = 0;
    return { count };
  }
  if (command.command === 'fill') {
    await using outbox = open(domain, nowhere, 'bundles');
    await tell(outbox, command.rows, command.lanes);
    return {};
  }
  const start = performance.now();
  await using outbox = open(domain, federation, command.mode);
  if (command.command === 'live') await tell(outbox, command.rows, command.lanes);
  await outbox.drained();
  return { seconds: (performance.now() - start) / 1000 };
}

process.on('message', (command: Command) => {
  run(command, ownDomain).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.once('SIGTERM', () => process.exit(0));
process.send?.({});
