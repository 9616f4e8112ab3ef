import { isIP } from 'node:net';
import type { Answer, SrvData } from 'dns-packet';
import { type BackendDomain, parseInfrastructureDomain } from '#contract/ids.ts';
import type { SrvTarget } from '../faces.ts';
import { foldName, printable } from './message.ts';

/** Targets kept of one answer, the most preferred ones: what more there are nobody would ever try. */
const maxTargets = 64;
/** Skipped entries that are described; a hostile zone can have thousands. */
const maxNotes = 8;

/** What an SRV answer offers. */
export interface ServiceRecords {
  /** True when its only target is `.`: the service is decidedly not offered (RFC 2782). */
  readonly isNotOffered: boolean;
  readonly targets: readonly SrvTarget[];
  /** One line for each entry that cannot be used: which, and why. */
  readonly skipped: readonly string[];
}

/** The owner name of a backend's SRV record (specification, "Discovery"). */
export function serviceName(domain: BackendDomain): string {
  return `_wire-server-federator._tcp.${domain}`;
}

/** Reads the SRV records of one answer; entries that nobody could connect to are skipped with a reason. */
export function readServiceRecords(records: readonly Answer[]): ServiceRecords {
  const entries = records.flatMap((record) => (record.type === 'SRV' ? [record.data] : []));
  if (entries.length === 1 && entries[0]?.target === '.')
    return { isNotOffered: true, targets: [], skipped: [] };
  const targets: SrvTarget[] = [];
  const skipped: string[] = [];
  for (const entry of entries) {
    const target = readTarget(entry);
    if (typeof target !== 'string') targets.push(Object.freeze(target));
    else if (skipped.length < maxNotes) skipped.push(target);
  }
  targets.sort((one, other) => one.priority - other.priority);
  if (targets.length > maxTargets) {
    skipped.push(`${targets.length - maxTargets} targets beyond the first ${maxTargets} by priority`);
    targets.length = maxTargets;
  }
  return { isNotOffered: false, targets: Object.freeze(targets), skipped };
}

/** @returns the reason when the entry cannot be used. */
function readTarget(entry: SrvData): SrvTarget | string {
  const { target, port, priority = 0, weight = 0 } = entry;
  const shown = `target ${printable(target)} port ${port}`;
  if (target === '.') return `${shown}: "." stands beside other targets`;
  if (isIP(foldName(target)) !== 0) return `${shown}: an IP address, expected a host name`;
  const host = parseInfrastructureDomain(target);
  if (host === undefined) return `${shown}: not a host name`;
  if (port === 0) return `${shown}: port 0`;
  return { host, port, priority, weight };
}
