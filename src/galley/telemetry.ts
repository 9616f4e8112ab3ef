import { Counter } from 'prom-client';
import type { BackendDomain } from '#contract/ids.ts';
import { Refusal } from '#contract/refusal.ts';
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

const unansweredQuestions = new Counter({
  name: 'galley_client_questions_failed_total',
  help: 'Times that a remote backend did not say which clients its users have; messages go on without',
  labelNames: ['reason'],
});

/** A remote did not say which clients its users have. */
export function askingClientsFailed(domain: BackendDomain, error: unknown): void {
  unansweredQuestions.inc({ reason: error instanceof Refusal ? error.label : 'late' });
  log.debug({ err: error, domain }, 'a remote did not say which clients its users have');
}

const messagesSent = new Counter({
  name: 'galley_messages_sent_total',
  help: 'Proteus messages of conversations owned here, by whether they were sent or had clients missing',
  labelNames: ['outcome'],
});

/** A message was sent, or not because clients were missing. */
export function messageJudged(isSent: boolean): void {
  messagesSent.inc({ outcome: isSent ? 'sent' : 'clients_missing' });
}
