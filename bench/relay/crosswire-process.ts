import { parseArgs } from 'node:util';
import { parseBackendDomain, parseInfrastructureDomain } from '#contract/ids.ts';
import type { ComponentTransport } from '#contract/rpc-transport.ts';
import { openFederator, type Policy } from '#federator';
import { setLogLevel } from '#telemetry';
import { answer } from './payload.ts';

/** One backend's federator, as a backend opens it, with a component that answers by function. */

const { values } = parseArgs({
  options: {
    side: { type: 'string', default: 'a' },
    outward: { type: 'string', default: '0' },
    inward: { type: 'string', default: '0' },
    ingress: { type: 'string', default: '0' },
    dns: { type: 'string', default: '' },
    folder: { type: 'string', default: '.' },
    'single-use': { type: 'boolean', default: false },
  },
});

const ownDomain = parseBackendDomain(`${values.side}.example.com`);
const infrastructureDomain = parseInfrastructureDomain(`wire.${values.side}.example.com`);
if (ownDomain === undefined || infrastructureDomain === undefined) throw new Error(`no side ${values.side}`);

setLogLevel('warn');

const policy: Policy = {
  strategy: 'allowAll',
  admit: () => undefined,
  find: () => undefined,
  list: () => [],
};

const body = Buffer.from(answer);
const components: ComponentTransport = {
  send: () => Promise.resolve({ status: 200, contentType: 'application/json', body }),
};

const federator = await openFederator({
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
  sessions: { singleUse: values['single-use'] },
  limits: { requestBytes: 1024 * 1024, closeGraceMs: 1000 },
});
const host = '127.0.0.1';
await federator.openDoors(
  {
    outward: { host, port: Number(values.outward) },
    inward: { host, port: Number(values.inward) },
    ingress: { host, port: Number(values.ingress) },
  },
  components,
);
process.stdout.write('ready\n');
// An exit of its own writes the profile that `BENCH_CPU_PROF` asks for.
process.once('SIGTERM', () => process.exit(0));
