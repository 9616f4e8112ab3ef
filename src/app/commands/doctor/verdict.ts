import { federationVersions } from '#contract/rpc.ts';
import type { Examination } from './finding.ts';
import type { ProbeAnswer } from './probe.ts';

/** What a remote's answer to a real `api-version` call says about us, and about it. */
export function examineVerdict(
  exam: Examination,
  {
    ownDomain,
    domain,
    ownHost,
  }: { readonly ownDomain: string; readonly domain: string; readonly ownHost: string },
  answer: ProbeAnswer,
): void {
  const step = `${domain} admits ${ownDomain}`;
  if (answer.status === 200) {
    exam.good('theirs', step, `answered in ${answer.elapsedMs.toFixed(1)} ms`);
    examineVersions(exam, domain, answer.body);
    return;
  }
  const { label, message } = labelled(answer.body);
  const found = `${answer.status} ${label}: ${message}`;
  const refusal = refusals(ownDomain, ownHost)[label];
  if (refusal === undefined) exam.bad('theirs', step, found, 'look into the log of that backend');
  else exam.bad(refusal.side, step, found, refusal.mend);
}

interface KnownRefusal {
  readonly side: 'ours' | 'theirs';
  readonly mend: string;
}

function refusals(ownDomain: string, ownHost: string): Readonly<Record<string, KnownRefusal>> {
  return {
    'federation-denied': {
      side: 'theirs',
      mend: `ask its operators to run: crosswire federation allow ${ownDomain}`,
    },
    'invalid-domain': {
      side: 'ours',
      mend: `publish the SRV record of ${ownDomain} where the remote's name servers see it`,
    },
    'discovery-failure': { side: 'theirs', mend: 'its name servers fail: its federation.dns.servers' },
    'authentication-failure': {
      side: 'ours',
      mend: `show a certificate that the remote trusts and that names the target of the SRV record of ${ownDomain} (${ownHost}); ask its operators to add our root to their federation.ca`,
    },
    'no-client-certificate': {
      side: 'theirs',
      mend: 'its ingress must ask for a client certificate and pass it on',
    },
  };
}

function examineVersions(exam: Examination, domain: string, body: unknown): void {
  const step = `federation API versions of ${domain}`;
  const { supported_versions: theirs = [0] } = (body ?? {}) as {
    readonly supported_versions?: readonly number[];
  };
  const common = federationVersions.findLast((version) => theirs.includes(version));
  const found = `it speaks ${theirs.join(', ')}; we ${federationVersions.join(', ')}`;
  if (common === undefined) exam.bad('theirs', step, found, 'one of the two backends must be updated');
  else exam.good('theirs', step, `${found}; used: ${common}`);
}

function labelled(body: unknown): { readonly label: string; readonly message: string } {
  const { label, message } = (typeof body === 'object' && body !== null ? body : {}) as {
    readonly label?: unknown;
    readonly message?: unknown;
  };
  return { label: String(label ?? 'no label'), message: String(message ?? body).slice(0, 400) };
}
