import type { Inspection } from '#federator';
import { reasonOf } from '../../terminal/failure.ts';
import { certificateFacts, daysLeft, namesHost, validity } from './certificate.ts';
import type { Examination, Side } from './finding.ts';
import type { OwnIdentity } from './identity.ts';
import {
  callOver,
  type Handshake,
  openTcp,
  type ProbeAnswer,
  type ProbeTarget,
  shakeHands,
} from './probe.ts';

/** The way to a federator: from DNS through TLS to its answer. Ours or a remote's. */
export interface Way {
  readonly domain: string;
  /** Who has to mend what is wrong at the far end. */
  readonly side: Side;
  readonly ownDomain: string;
  readonly identity: OwnIdentity;
  readonly now: () => number;
}

const timeoutMs = 5_000;
/** RFC 6960 and certificate checks bear minutes; logs of two sides are hard to join long before that. */
const maxSkewSeconds = 60;

/** DNS: is there a record, what does it say, and does it lead to an address that we may connect to? */
export function examineDiscovery(
  exam: Examination,
  way: Pick<Way, 'domain' | 'side'>,
  found: Inspection,
): void {
  const { domain, side } = way;
  const record = `SRV record of ${domain}`;
  if (found.answer === undefined) {
    const isAbsent = found.refusal?.label === 'invalid-domain';
    exam.bad(
      isAbsent ? side : 'network',
      record,
      found.refusal?.message ?? 'no answer',
      isAbsent
        ? `publish: ${found.name}. 600 IN SRV 0 10 <port> <infrastructure domain>.`
        : `check the name servers (${found.servers.join(', ')}): federation.dns.servers, or the machine's own`,
    );
    return;
  }
  const { answer } = found;
  const targets = found.targets.map(({ target }) => `${target.host}:${target.port}`).join(', ');
  const stale = answer.source === 'stale' ? '; the answer is old, DNS does not answer now' : '';
  exam.good(
    side,
    record,
    `${targets} (TTL ${Math.ceil(answer.ttlSeconds)} s, from ${answer.server}${stale})`,
  );
  for (const skipped of answer.skipped)
    exam.bad(side, record, skipped, 'mend the SRV record: the target is a host name with an address record');
  for (const { target, addresses, refusal } of found.targets) {
    const step = `address of ${target.host}`;
    if (addresses.length > 0) exam.good(side, step, addresses.map(({ address }) => address).join(', '));
    else if (/egress/.test(refusal?.message ?? ''))
      exam.bad(
        'ours',
        step,
        refusal?.message ?? '',
        'if that is meant, name the range in federation.egress.allow',
      );
    else
      exam.bad(side, step, refusal?.message ?? 'none', `publish: ${target.host}. 600 IN A <public address>`);
  }
}

/** Connects to the first target that has an address and walks the rest of the way. */
export async function examineWay(
  exam: Examination,
  way: Way,
  found: Inspection,
): Promise<ProbeAnswer | undefined> {
  const first = found.targets.find(({ addresses }) => addresses.length > 0);
  const address = first?.addresses[0]?.address;
  if (first === undefined || address === undefined) {
    exam.skip('network', `connection to ${way.domain}`, 'there is no address to connect to');
    return undefined;
  }
  const { host, port } = first.target;
  const { certificate, key, ca } = way.identity;
  const target: ProbeTarget = { address, port, host, certificate, key, ca, timeoutMs };
  const handshake = await connect(exam, way, target);
  if (handshake === undefined) return undefined;
  await using open = handshake;
  examinePeer(exam, way, target, open);
  if (open.alpn !== 'h2') {
    const found = open.alpn ?? 'nothing';
    exam.bad(
      way.side,
      `HTTP/2 at ${host}`,
      `found ${found}`,
      'the ingress must offer h2 by ALPN (nginx: http2 on)',
    );
    return undefined;
  }
  return await ask(exam, way, target, open);
}

async function connect(exam: Examination, way: Way, target: ProbeTarget): Promise<Handshake | undefined> {
  const at = `${target.address}:${target.port}`;
  const step = `connection to ${at}`;
  const started = performance.now();
  try {
    const socket = await openTcp(target);
    exam.good('network', step, `open after ${(performance.now() - started).toFixed(1)} ms`);
    try {
      return await shakeHands(socket, target);
    } catch (error) {
      const mend = 'the port must speak TLS 1.2 or 1.3 with an ECDHE AES-GCM cipher';
      exam.bad(way.side, `TLS with ${target.host}`, reasonOf(error), mend);
    }
  } catch (error) {
    exam.bad(
      way.side,
      step,
      reasonOf(error),
      `is the backend up, and may ${at} be reached through all firewalls?`,
    );
  }
  return undefined;
}

function examinePeer(exam: Examination, { side, now }: Way, target: ProbeTarget, open: Handshake): void {
  exam.good(side, `TLS with ${target.host}`, `${open.protocol}, ${open.cipher}, ALPN ${open.alpn ?? 'none'}`);
  if (open.peer === undefined) {
    exam.bad(side, `certificate of ${target.host}`, 'none shown', 'configure a server certificate');
    return;
  }
  const facts = certificateFacts(open.peer);
  const step = `certificate of ${target.host}`;
  const shown = `${facts.subject}, issued by ${facts.issuer}, until ${validity(facts, now())}`;
  if (daysLeft(facts, now()) < 0) exam.bad(side, step, shown, 'it has ended: renew it');
  else if (open.untrusted !== undefined)
    exam.bad(
      side === 'ours' ? 'ours' : 'theirs',
      step,
      `${shown}: ${open.untrusted}`,
      'add its root certificate to the file of federation.ca, or have it sent with its intermediates',
    );
  else exam.good(side, step, shown);
  const names = facts.names.length === 0 ? 'no DNS names' : facts.names.join(', ');
  if (namesHost(facts, target.host)) exam.good(side, 'it names the SRV target', names);
  else
    exam.bad(
      side,
      'it names the SRV target',
      `found ${names}, expected ${target.host}`,
      `have the certificate issued for DNS:${target.host}, or let the SRV record lead to a name of it`,
    );
  if (facts.forServers)
    exam.good(side, 'it may be used by servers', facts.forClients ? 'and by clients' : 'servers only');
  else
    exam.bad(
      side,
      'it may be used by servers',
      'its usages leave that out',
      'have it issued with usage server',
    );
}

async function ask(
  exam: Examination,
  way: Way,
  { host, port }: ProbeTarget,
  open: Handshake,
): Promise<ProbeAnswer | undefined> {
  const step = `${way.domain} answers api-version`;
  try {
    const answer = await callOver(open, {
      path: '/federation/brig/api-version',
      authority: `${host}:${port}`,
      originDomain: way.ownDomain,
      timeoutMs,
    });
    examineClock(exam, way, answer);
    return answer;
  } catch (error) {
    exam.bad(way.side, step, reasonOf(error), 'look into the log of that backend');
    return undefined;
  }
}

function examineClock(exam: Examination, { side, domain, now }: Way, answer: ProbeAnswer): void {
  const step = `clock of ${domain}`;
  const theirs = Date.parse(answer.headers.date ?? '');
  if (Number.isNaN(theirs)) {
    exam.skip(side, step, 'it sends no Date header');
    return;
  }
  // The header has whole seconds.
  const seconds = Math.round((theirs - now()) / 1000);
  if (Math.abs(seconds) <= maxSkewSeconds) exam.good(side, step, `${Math.abs(seconds)} s apart`);
  else
    exam.bad(
      side,
      step,
      `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}`,
      'synchronise the clocks (NTP)',
    );
}
