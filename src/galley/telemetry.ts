import { Counter } from 'prom-client';
import type { BackendDomain } from '#contract/ids.ts';
import { logger } from '#telemetry';

const log = logger('galley');

const relayFailures = new Counter({
  name: 'galley_typing_relay_failures_total',
  help: 'Typing indicators that a remote backend did not take; nobody sends them again',
});

/** A remote did not take a typing indicator. */
export function relayFailed(domain: BackendDomain, error: unknown): void {
  relayFailures.inc();
  log.debug({ err: error, domain }, 'a typing indicator was not taken');
}

const abandoned = new Counter({
  name: 'galley_sweep_failures_total',
  help: 'Times that half-made conversations could not be taken away',
});

/** Half-made conversations could not be taken away; they are looked for again. */
export function sweepFailed(error: unknown): void {
  abandoned.inc();
  log.error({ err: error }, 'half-made conversations could not be taken away; they are looked for again');
}
