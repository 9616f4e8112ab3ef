import { Counter } from 'prom-client';
import { logger } from '#telemetry';

/** Metrics and events of cargohold. */
export const log = logger('cargohold');

const uploads = new Counter({ name: 'crosswire_assets_uploaded_total', help: 'Files that were uploaded' });
const uploadedBytes = new Counter({
  name: 'crosswire_assets_uploaded_bytes_total',
  help: 'Bytes of files that were uploaded',
});
const downloads = new Counter({
  name: 'crosswire_assets_downloads_total',
  help: 'Downloads begun: by own users of own files, by own users of remote files, by remote backends',
  labelNames: ['way'],
});
const removed = new Counter({
  name: 'crosswire_assets_removed_total',
  help: 'Files whose bytes were removed from the store',
});

export function assetUploaded(bytes: number): void {
  uploads.inc();
  uploadedBytes.inc(bytes);
}

export function downloadBegun(way: 'own' | 'from-remote' | 'to-remote'): void {
  downloads.inc({ way });
}

export function assetsRemoved(count: number): void {
  removed.inc(count);
}

/** The bytes of a deleted asset are still there; nobody can read them, and the sweep tries again. */
export function removalFailed(error: unknown): void {
  log.warn({ err: error }, 'the bytes of a deleted asset could not be removed; trying again later');
}

export function sweepFailed(error: unknown): void {
  log.error({ err: error }, 'looking for expired assets failed; trying again later');
}
