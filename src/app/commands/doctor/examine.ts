import type { BackendDomain } from '#contract/ids.ts';
import { type Inspection, openDiscovery } from '#federator';
import type { Config } from '../../config.ts';
import { allowedEgress } from '../../egress-ranges.ts';
import type { Examination } from './finding.ts';
import { examineIdentity, type OwnIdentity } from './identity.ts';
import { examineRoundTrip } from './round-trip.ts';
import { examineOwnPolicy, examineRunningBackend } from './running-backend.ts';
import { examineVerdict } from './verdict.ts';
import { examineDiscovery, examineWay } from './way.ts';

/**
 * The whole examination: our own side, then (with a domain) the way to the remote and what it says of us. Each step
 * tells what was seen, and where it fails whose side it is on.
 */
export async function examine(
  exam: Examination,
  config: Config,
  remote: BackendDomain | undefined,
  now: () => number = Date.now,
): Promise<void> {
  if (!config.federation.enabled) {
    exam.bad(
      'ours',
      'federation is on',
      'federation.enabled is false',
      'set federation.enabled: true, and restart',
    );
    return;
  }
  const identity = examineIdentity(exam, config, now());
  const policy = await examineRunningBackend(exam, config);
  await using discovery = openDiscovery({
    ...config.federation.dns,
    egress: { allow: allowedEgress(config) },
  });
  const own = await discovery.inspect(config.domain);
  examineDiscovery(exam, { domain: config.domain, side: 'ours' }, own);
  examineOwnTarget(exam, config, own);
  await examineOwnIngress(exam, config, identity, own, now);
  if (remote === undefined) return;
  examineOwnPolicy(exam, policy, remote);
  const found = await discovery.inspect(remote);
  examineDiscovery(exam, { domain: remote, side: 'theirs' }, found);
  if (identity === undefined)
    return exam.skip('network', `connection to ${remote}`, 'needs our certificate and key');
  const way = { domain: remote, side: 'theirs', ownDomain: config.domain, identity, now } as const;
  const answer = await examineWay(exam, way, found);
  const subject = { ownDomain: config.domain, domain: remote, ownHost: config.infrastructureDomain };
  if (answer !== undefined) examineVerdict(exam, subject, answer);
  if (policy === undefined) exam.skip('network', `round trip to ${remote}`, 'needs the running backend');
  else await examineRoundTrip(exam, config, remote);
}

/** Remotes compare the SRV target with our certificate: it has to lead to the infrastructure domain. */
function examineOwnTarget(exam: Examination, config: Config, { targets }: Inspection): void {
  if (targets.length === 0) return;
  const hosts = targets.map(({ target }) => target.host);
  const step = 'own SRV record leads to the infrastructure domain';
  if (hosts.includes(config.infrastructureDomain)) exam.good('ours', step, hosts.join(', '));
  else
    exam.bad(
      'ours',
      step,
      `found ${hosts.join(', ')}, expected ${config.infrastructureDomain}`,
      'mend the SRV record, or infrastructureDomain and the certificate',
    );
}

/** What a remote would see of us. Our own policy may well deny our own domain; that we are answered is enough. */
async function examineOwnIngress(
  exam: Examination,
  config: Config,
  identity: OwnIdentity | undefined,
  own: Inspection,
  now: () => number,
): Promise<void> {
  if (identity === undefined) return exam.skip('ours', 'own ingress', 'needs our certificate and key');
  if (own.targets.length === 0) return exam.skip('ours', 'own ingress', 'needs our SRV record');
  const way = { domain: config.domain, side: 'ours', ownDomain: config.domain, identity, now } as const;
  const answer = await examineWay(exam, way, own);
  if (answer === undefined) return;
  const { label } = (answer.body ?? {}) as { readonly label?: string };
  if (answer.status === 200 || label === 'federation-denied')
    exam.good('ours', 'own ingress answers', `after ${answer.elapsedMs.toFixed(1)} ms`);
  else
    exam.bad(
      'ours',
      'own ingress answers',
      `${answer.status} ${JSON.stringify(answer.body).slice(0, 400)}`,
      'remotes will be refused in the same way: mend what the message names',
    );
}
