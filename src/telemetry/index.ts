/**
 * Telemetry: one logger, one metrics registry for the process.
 *
 * Log lines go to standard error as JSON, so that standard output stays for what a command answers. A line names
 * domain, RPC and label, never a body, token or key. Each part has a `telemetry.ts` with its metrics and events.
 */
import { type Logger, pino } from 'pino';
import { Histogram, register } from 'prom-client';

export type { Logger } from 'pino';
export { LineRate } from './line-rate.ts';

const root = pino({ base: { pid: process.pid } }, pino.destination({ dest: 2, sync: true }));
const loggers = new Map<string, Logger>();

/** The logger of a part. */
export function logger(part: string): Logger {
  const known = loggers.get(part);
  if (known !== undefined) return known;
  const made = root.child({ part });
  loggers.set(part, made);
  return made;
}

/** Sets the level of every logger: `silent`, `error`, `warn`, `info`, `debug`. */
export function setLogLevel(level: string): void {
  root.level = level;
  for (const made of loggers.values()) made.level = level;
}

/** Time from the head of a request to the end of its answer, of every HTTP listener of the process. */
export const requestDurations = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'Time from the head of a request to the end of its answer',
  labelNames: ['listener', 'method', 'route', 'status'] as const,
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

/** All metrics in Prometheus' text format, with its content type. */
export async function renderMetrics(): Promise<{ readonly contentType: string; readonly text: string }> {
  return { contentType: register.contentType, text: await register.metrics() };
}
