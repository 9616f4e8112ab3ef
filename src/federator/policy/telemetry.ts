import { Counter, Gauge } from 'prom-client';
import { logger } from '#telemetry';

const log = logger('federator');

const listed = new Gauge({
  name: 'crosswire_federation_remotes',
  help: 'Remote backends on the list, configured and stored',
});

const pollFailures = new Counter({
  name: 'crosswire_federation_policy_poll_failures_total',
  help: 'Looks at the stored list of remotes that failed; the list known last stays in force',
});

export function setListed(count: number): void {
  listed.set(count);
}

export function pollFailed(error: unknown): void {
  pollFailures.inc();
  log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'list of remotes not read');
}

export function remoteChanged(domain: string, change: 'listed' | 'removed'): void {
  log.info({ domain, change }, 'list of remotes changed');
}
