import { Counter, Histogram, register } from 'prom-client';
import { logger } from '#telemetry';

const log = logger('gateway');

const durationName = 'http_request_duration_seconds';
const durationLabels = ['listener', 'method', 'route', 'status'] as const;
type DurationLabel = (typeof durationLabels)[number];

/** Every HTTP listener of the process observes into one histogram; whoever is first makes it. */
const durations =
  (register.getSingleMetric(durationName) as Histogram<DurationLabel> | undefined) ??
  new Histogram({
    name: durationName,
    help: 'Time from the head of a request to the end of its answer',
    labelNames: durationLabels,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });

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
  durations.observe(
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
