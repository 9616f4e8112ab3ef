import { Counter, Gauge } from 'prom-client';
import { logger } from '#telemetry';
import type { LoadedMaterial } from './material.ts';

const log = logger('certificates');
const dayMs = 24 * 60 * 60 * 1000;

const reloads = new Counter({
  name: 'crosswire_certificate_reloads_total',
  help: 'Changes of the certificate files, by whether they could be used',
  labelNames: ['outcome'] as const,
});

const opened = new Set<() => LoadedMaterial>();

new Gauge({
  name: 'crosswire_certificate_days_to_expiry',
  help: 'Days until the own certificate and each trusted root expire',
  labelNames: ['kind', 'subject'] as const,
  collect() {
    this.reset();
    for (const current of opened) {
      const { leaf, roots } = current();
      const entries = [
        { kind: 'own', certificate: leaf },
        ...roots.map((certificate) => ({ kind: 'root', certificate })),
      ];
      for (const { kind, certificate } of entries) {
        const subject = certificate.x509.subject?.replaceAll('\n', ', ') ?? '';
        this.set({ kind, subject }, (certificate.notAfterMs - Date.now()) / dayMs);
      }
    }
  },
});

/** Shows the expiry of a store's certificates until disposed. */
export function watchExpiry(current: () => LoadedMaterial): Disposable {
  opened.add(current);
  return { [Symbol.dispose]: () => void opened.delete(current) };
}

export function reloaded(loaded: LoadedMaterial, caRemoved: boolean): void {
  reloads.inc({ outcome: 'used' });
  const { generation } = loaded.material;
  const until = new Date(loaded.leaf.notAfterMs).toISOString();
  log.info({ generation, until, roots: loaded.roots.length, caRemoved }, 'certificate files reloaded');
}

/** The alarm: the process goes on with old files, which will expire. */
export function reloadRefused(reason: string, error: unknown): void {
  reloads.inc({ outcome: 'refused' });
  log.error(
    { reason, err: error },
    'ALARM: changed certificate files cannot be used, the old ones stay in use',
  );
}
