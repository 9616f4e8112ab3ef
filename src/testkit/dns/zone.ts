import type { RecordType } from 'dns-packet';
import { soa, type ZoneRecord } from './records.ts';

/** What a zone says about a question, before it becomes a packet. */
export interface ZoneAnswer {
  readonly found: 'records' | 'nodata' | 'nxdomain';
  readonly answers: readonly ZoneRecord[];
  readonly authorities: readonly ZoneRecord[];
}

/** Most CNAMEs put into one answer: enough to show a resolver chains that it must refuse. */
const maxAliases = 16;

/**
 * Records by name, answered as an authoritative server does (RFC 1034 4.3.2): CNAMEs are followed inside the zone, a
 * name that exists with other types (or only above others) is NODATA, any other NXDOMAIN, both with the SOA of the
 * closest enclosing zone.
 */
export class Zone {
  readonly #byName = new Map<string, ZoneRecord[]>();
  readonly #existing = new Set<string>();
  readonly #negativeTtl: number;

  constructor(records: readonly ZoneRecord[], negativeTtl: number) {
    this.#negativeTtl = negativeTtl;
    for (const record of records) this.#add(record);
  }

  answer(name: string, type: RecordType, followAliases: boolean): ZoneAnswer {
    const answers: ZoneRecord[] = [];
    let owner = fold(name);
    for (let aliases = 0; aliases <= maxAliases; aliases += 1) {
      const records = this.#byName.get(owner) ?? [];
      const wanted = records.filter((record) => record.type === type);
      if (wanted.length > 0) {
        answers.push(...wanted);
        return { found: 'records', answers, authorities: [] };
      }
      const alias = records.find((record) => record.type === 'CNAME');
      if (alias?.type !== 'CNAME') return this.#absent(owner, answers);
      answers.push(alias);
      if (!followAliases) break;
      owner = fold(alias.data);
    }
    return { found: 'records', answers, authorities: [] };
  }

  #absent(owner: string, answers: readonly ZoneRecord[]): ZoneAnswer {
    // A chain that leaves the zone is for the resolver to follow: nothing is said about its end.
    if (answers.length > 0 && !this.#existing.has(owner))
      return { found: 'records', answers, authorities: [] };
    const found = this.#existing.has(owner) ? 'nodata' : 'nxdomain';
    return { found, answers, authorities: [this.authority(owner)] };
  }

  /** The SOA of the closest zone around a name; without one in the records, a root SOA with the default TTL. */
  authority(name: string): ZoneRecord {
    for (let zone = fold(name); zone !== ''; zone = zone.slice(zone.indexOf('.') + 1)) {
      const own = this.#byName.get(zone)?.find((record) => record.type === 'SOA');
      if (own !== undefined) return own;
      if (!zone.includes('.')) break;
    }
    return soa('.', this.#negativeTtl);
  }

  #add(record: ZoneRecord): void {
    const name = fold(record.name);
    const known = this.#byName.get(name);
    if (known === undefined) this.#byName.set(name, [record]);
    else known.push(record);
    for (let above = name; above !== ''; above = above.slice(above.indexOf('.') + 1)) {
      this.#existing.add(above);
      if (!above.includes('.')) break;
    }
  }
}

/** Names compare without case and without the trailing dot (RFC 4343). */
export function fold(name: string): string {
  return (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
}
