import { Counter } from 'prom-client';
import { logger } from '#telemetry';

/** What services tells operators. Lines name services and bots by id, never an event or a token. */

const log = logger('services');

const deliveries = new Counter({
  name: 'crosswire_services_deliveries_total',
  help: 'Events posted to services, by outcome: taken, unwanted, failed, gone',
  labelNames: ['outcome'],
});

export type DeliveryOutcome = 'taken' | 'unwanted' | 'failed' | 'gone';

export function delivered(outcome: DeliveryOutcome): void {
  deliveries.inc({ outcome });
}

/** Tried again by itself. */
export function deliveryFailed(bot: string, service: string, reason: string): void {
  delivered('failed');
  log.info({ bot, service, reason }, 'a service has not taken an event');
}

export function botEnded(bot: string, service: string): void {
  log.info({ bot, service }, 'bot ended');
}

export function serviceUnreachable(service: string, reason: string): void {
  log.info({ service, reason }, 'a service made no bot');
}

/** Done again with the next look. */
export function botFailed(bot: string, error: unknown): void {
  log.warn({ bot, err: error }, 'the events of a bot could not be worked on');
}

export function lookFailed(error: unknown): void {
  log.warn({ err: error }, 'bots could not be looked for');
}
