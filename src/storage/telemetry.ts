import { Counter, Histogram } from 'prom-client';
import { logger } from '#telemetry';

/** Metrics and events of the storage. */
export const log = logger('storage');

const units = new Counter({
  name: 'crosswire_storage_units_of_work_total',
  help: 'Units of work by outcome',
  labelNames: ['outcome'],
});

const retries = new Counter({
  name: 'crosswire_storage_retries_total',
  help: 'Units of work that were run again after a serialization failure or deadlock (PostgreSQL)',
});

const groupSizes = new Histogram({
  name: 'crosswire_storage_group_size',
  help: 'Units of work that shared one commit (SQLite)',
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
});

const commitSeconds = new Histogram({
  name: 'crosswire_storage_commit_seconds',
  help: 'Time from BEGIN to the durable COMMIT',
  buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
});

export function countWork(outcome: 'committed' | 'failed'): void {
  units.inc({ outcome });
}

export function countRetry(): void {
  retries.inc();
}

export function countCommit(groupSize: number, milliseconds: number): void {
  groupSizes.observe(groupSize);
  commitSeconds.observe(milliseconds / 1000);
}
