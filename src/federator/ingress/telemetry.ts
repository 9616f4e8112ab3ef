import { Counter, Gauge } from 'prom-client';
import { LineRate, logger } from '#telemetry';

export const ingressLog = logger('ingress');

const handshakes = new Counter({
  name: 'crosswire_ingress_handshakes_total',
  help: 'TLS handshakes of remotes: verified, resumed, refused (certificate), failed (TLS)',
  labelNames: ['outcome'] as const,
});

const opened = new Set<() => number>();

new Gauge({
  name: 'crosswire_ingress_sessions',
  help: 'Sockets of remotes that are open at the ingress',
  collect() {
    let sum = 0;
    for (const count of opened) sum += count();
    this.set(sum);
  },
});

export function countHandshake(outcome: 'verified' | 'resumed' | 'refused' | 'failed'): void {
  handshakes.inc({ outcome });
}

const refusalLines = new LineRate();

/** A remote has shown a certificate that is not taken, with the reason. */
export function certificateRefused(address: string, reason: string): void {
  countHandshake('refused');
  const leftOut = refusalLines.take('certificate');
  if (leftOut !== undefined) ingressLog.info({ address, reason, leftOut }, 'client certificate refused');
}

/** Counts an ingress' sockets in until disposed. */
export function watchSessions(count: () => number): Disposable {
  opened.add(count);
  return { [Symbol.dispose]: () => void opened.delete(count) };
}
