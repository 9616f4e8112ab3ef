import { Counter } from 'prom-client';
import { LineRate, logger } from '#telemetry';

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

const failureLines = new LineRate();

/** Clients are told no more than the label: this line is all there is to find the cause by. */
export function storeFailed(label: string, error: unknown): void {
  const leftOut = failureLines.take(label);
  if (leftOut !== undefined) log.error({ label, leftOut, err: error }, 'the store of assets failed');
}

/** The bytes of a deleted asset are still there; nobody can read them, and the sweep tries again. */
export function removalFailed(error: unknown): void {
  log.warn({ err: error }, 'the bytes of a deleted asset could not be removed; trying again later');
}

/** An upload that broke off is still in the store, where nobody can read it; the sweep abandons it. */
export function abortFailed(error: unknown): void {
  log.warn({ err: error }, 'an upload that broke off could not be removed; trying again later');
}

export function sweepFailed(error: unknown): void {
  log.error({ err: error }, 'looking for expired assets failed; trying again later');
}
