import { Counter } from 'prom-client';
import { logger, requestDurations } from '#telemetry';

const log = logger('gateway');

const refusals = new Counter({
  name: 'http_refusals_total',
  help: 'Requests refused, by the label of the answer',
  labelNames: ['listener', 'label'] as const,
});

export interface AnsweredRequest {
  readonly listener: string;
  readonly method: string;
  /** The declared path; a fixed word for what matched none, so that callers cannot make labels. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function requestAnswered({ listener, method, route, status, seconds }: AnsweredRequest): void {
  requestDurations.observe(
    { listener, method: methods.has(method) ? method : 'other', route, status: String(status) },
    seconds,
  );
}

export function requestRefused(listener: string, label: string): void {
  refusals.inc({ listener, label });
}

/** A throw that is not a refusal: answered as 500 without detail, so this line is all there is to find it by. */
export function requestFailed(listener: string, requestId: string, route: string, error: unknown): void {
  log.error({ listener, requestId, route, err: error }, 'a request failed');
}
