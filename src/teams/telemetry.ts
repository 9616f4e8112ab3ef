import { Counter } from 'prom-client';
import { logger } from '#telemetry';

/** What teams tells operators. Lines name teams by id. */

const log = logger('teams');

const deletions = new Counter({
  name: 'crosswire_teams_deletions_total',
  help: 'Attempts to take a deleted team apart, by outcome: done, failed',
  labelNames: ['outcome'],
});

export function teamDeleted(team: string): void {
  deletions.inc({ outcome: 'done' });
  log.info({ team }, 'team deleted');
}

/** Tried again by itself. */
export function deletionFailed(team: string, error: unknown): void {
  deletions.inc({ outcome: 'failed' });
  log.warn({ err: error, team }, 'a team could not be deleted yet');
}

/** A team's own service; only that team has it. */
export function legalholdServiceFailed(team: string, path: string, reason: string): void {
  log.info({ team, path, reason }, 'a legal hold service does not answer as it should');
}

/** Tried again by itself. */
export function legalholdSettlingFailed(user: string, error: unknown): void {
  log.warn({ err: error, user }, "a member's surroundings do not fit its legal hold status yet");
}
