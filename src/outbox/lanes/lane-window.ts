import type { BackendDomain } from '#contract/ids.ts';
import type { QueuedRow } from '../rows/queued-row.ts';
import { Lane } from './lane.ts';

/** How much of a remote's queue is in memory. */
export interface WindowLimits {
  /** Rows, and characters of their inputs; a read may go over by one page. */
  readonly rows: number;
  readonly characters: number;
  readonly rowsPerLane: number;
  /** Rows read at once. */
  readonly page: number;
}

export const defaultWindowLimits: WindowLimits = {
  rows: 2_048,
  characters: 8 * 1024 * 1024,
  rowsPerLane: 64,
  page: 512,
};

/** The way to the database; in the order of lanes and positions. */
export interface LaneSource {
  readLane(domain: BackendDomain, lane: string, after: number, limit: number): Promise<readonly QueuedRow[]>;
  readPage(domain: BackendDomain, afterLane: string, limit: number): Promise<readonly QueuedRow[]>;
}

/** The next rows of one lane, on their way. */
export interface Taken {
  readonly lane: Lane;
  readonly rows: readonly QueuedRow[];
}

/** How much may be taken at once. */
export interface TakeLimits {
  readonly rows: number;
  readonly characters: number;
  /** Bundles that may still be begun: they share the lanes. */
  readonly bundles: number;
}

/** Lanes that a bundle has at least, when there are so many. */
const minLanes = 16;

/**
 * The part of one remote's queue that is in memory: its lanes with their next rows. The database is the truth. The
 * window is filled from it in passes, lane by lane in the order of their names; what is committed meanwhile is either
 * offered with its rows (one writer: SQLite) or only told of (many writers: PostgreSQL), and costs a read then.
 *
 * A lane that is not in memory has no rows while `unread` is false.
 */
export class LaneWindow {
  readonly #domain: BackendDomain;
  readonly #source: LaneSource;
  readonly #limits: WindowLimits;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready = new Set<Lane>();
  readonly #readyAlone = new Set<Lane>();
  /** Without rows in memory, with rows in the database. */
  readonly #hungry = new Set<Lane>();
  readonly #held = new Set<Lane>();
  #nextRelease = Number.POSITIVE_INFINITY;
  #rows = 0;
  #characters = 0;
  #reading = false;
  /** There may be lanes that are not in memory. */
  #unread = true;
  /** Where the pass goes on. */
  #cursor = '';
  /** Something changed behind the pass: another one is needed. */
  #again = false;
  /** Lanes that rows were added to while the database was being read. */
  readonly #touched = new Set<string>();

  constructor(domain: BackendDomain, source: LaneSource, limits: WindowLimits = defaultWindowLimits) {
    this.#domain = domain;
    this.#source = source;
    this.#limits = limits;
  }

  /** Nothing waits, nothing is on its way, and nothing is still to be read or taken out of the database. */
  get empty(): boolean {
    return this.#lanes.size === 0 && !this.#unread && !this.#reading;
  }

  /** Lanes that something waits in, as far as they are in memory. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Something can be sent now. */
  get hasReady(): boolean {
    return this.#ready.size > 0 || this.#readyAlone.size > 0;
  }

  /** Reading would bring something, and there is room. */
  get needsRead(): boolean {
    if (this.#reading || this.#rows > this.#limits.rows / 2) return false;
    return this.#hasRoom && (this.#unread || this.#hungry.size > 0);
  }

  get #hasRoom(): boolean {
    return this.#rows < this.#limits.rows && this.#characters < this.#limits.characters;
  }

  /** A row that has just been committed, the newest of its lane. */
  offer(row: QueuedRow): void {
    const lane = this.#lanes.get(row.lane);
    if (this.#reading) this.#touched.add(row.lane);
    if (lane === undefined) {
      if (this.#unread) this.#again = true;
      else if (this.#hasRoom) this.#add(this.#open(row.lane), row);
      else this.#unread = true;
      return;
    }
    if (
      lane.more ||
      lane.state.kind === 'held' ||
      !this.#hasRoom ||
      lane.rows.length >= this.#limits.rowsPerLane
    )
      lane.more = true;
    else this.#add(lane, row);
    this.#place(lane);
  }

  /** Rows were committed somewhere. */
  changed(lanes: Iterable<string> | 'anywhere'): void {
    if (lanes === 'anywhere') {
      this.#unread = true;
      this.#again = true;
      return;
    }
    for (const name of lanes) {
      if (this.#reading) this.#touched.add(name);
      const lane = this.#lanes.get(name);
      if (lane === undefined) {
        this.#unread = true;
        this.#again = true;
      } else {
        lane.more = true;
        this.#place(lane);
      }
    }
  }

  /**
   * Rows for one bundle. The receiver handles lanes side by side and the rows of one lane one after the other, so it is
   * done soonest when every lane has about as many rows on its way.
   */
  takeMany(limits: TakeLimits): readonly Taken[] {
    const lanes = Math.max(minLanes, Math.ceil(this.#ready.size / limits.bundles));
    const share = Math.max(1, Math.floor(limits.rows / Math.min(lanes, Math.max(1, this.#ready.size))));
    const taken: Taken[] = [];
    let rows = 0;
    let characters = 0;
    for (const lane of this.#ready) {
      if (rows >= limits.rows) break;
      const next: QueuedRow[] = [];
      for (const row of lane.rows.slice(0, Math.min(share, limits.rows - rows))) {
        if (characters + row.input.length > limits.characters && rows + next.length > 0) break;
        next.push(row);
        characters += row.input.length;
      }
      if (next.length === 0) break;
      rows += next.length;
      this.#send(lane, next.length);
      taken.push({ lane, rows: next });
    }
    return taken;
  }

  /** The next row of the lane that has waited longest; `alone` for one that is kept out of bundles. */
  takeOne(which: 'any' | 'alone'): Taken | undefined {
    const [lane] = this.#readyAlone.size > 0 ? this.#readyAlone : which === 'any' ? this.#ready : [];
    const row = lane?.rows[0];
    if (lane === undefined || row === undefined) return undefined;
    this.#send(lane, 1);
    return { lane, rows: [row] };
  }

  /**
   * The rows that were on their way are back.
   * @param done how many of them are done with; they stay in the database until `acknowledged`
   */
  settle(lane: Lane, done: number): void {
    for (const row of lane.rows.splice(0, done)) this.#forget(row);
    lane.unacknowledged += done;
    if (done > 0) lane.failures = 0;
    lane.state = { kind: 'resting' };
    this.#place(lane);
  }

  /** Keeps a lane waiting until this time. */
  hold(lane: Lane, until: number): void {
    for (const row of lane.rows) this.#forget(row);
    lane.unload();
    this.#ready.delete(lane);
    this.#readyAlone.delete(lane);
    this.#hungry.delete(lane);
    lane.state = { kind: 'held', until };
    this.#held.add(lane);
    this.#nextRelease = Math.min(this.#nextRelease, until);
  }

  /** The earliest time at which a held lane goes on. */
  get nextRelease(): number | undefined {
    return this.#held.size === 0 ? undefined : this.#nextRelease;
  }

  /** Lets held lanes go on whose time has come. */
  release(now: number): void {
    if (this.#nextRelease > now) return;
    this.#nextRelease = Number.POSITIVE_INFINITY;
    for (const lane of this.#held) {
      if (lane.state.kind === 'held' && lane.state.until > now) {
        this.#nextRelease = Math.min(this.#nextRelease, lane.state.until);
        continue;
      }
      this.#held.delete(lane);
      lane.state = { kind: 'resting' };
      this.#place(lane);
    }
  }

  /** Rows of the lane are out of the database. */
  acknowledged(lane: Lane, count: number): void {
    lane.unacknowledged -= count;
    this.#place(lane);
  }

  /** Forgets what is not on its way: the database was changed by hand. */
  reset(): void {
    for (const lane of this.#lanes.values()) {
      const going = lane.state.kind === 'sending' ? lane.state.count : 0;
      for (const row of lane.rows.splice(going)) this.#forget(row);
      lane.lastPosition = lane.rows.at(-1)?.position ?? lane.lastPosition;
      lane.more = true;
      this.#ready.delete(lane);
      this.#readyAlone.delete(lane);
      this.#place(lane);
    }
    this.changed('anywhere');
  }

  /** Rows that are not on their way leave the memory, and what they left in the database is not read again. */
  drop(positions: ReadonlySet<number>): void {
    for (const lane of this.#lanes.values()) {
      const going = lane.state.kind === 'sending' ? lane.state.count : 0;
      const kept = lane.rows.filter((row, index) => index < going || !positions.has(row.position));
      if (kept.length === lane.rows.length) continue;
      for (const row of lane.rows) if (!kept.includes(row)) this.#forget(row);
      lane.rows = kept;
      this.#ready.delete(lane);
      this.#readyAlone.delete(lane);
      this.#place(lane);
    }
  }

  /** Whether the row is on its way. */
  isSending({ lane: name, position }: QueuedRow): boolean {
    const lane = this.#lanes.get(name);
    if (lane?.state.kind !== 'sending') return false;
    return lane.rows.slice(0, lane.state.count).some((row) => row.position === position);
  }

  /** Reads until there is enough in memory or nothing more in the database. */
  async read(): Promise<void> {
    this.#reading = true;
    try {
      for (const lane of this.#hungry) {
        if (!this.#hasRoom) return;
        await this.#readLane(lane);
      }
      while (this.#unread && this.#hasRoom) await this.#readPage();
    } finally {
      this.#reading = false;
      this.#touched.clear();
      // A lane that could be forgotten meanwhile was kept: what was being read might have shown its old rows again.
      for (const lane of this.#lanes.values()) this.#place(lane);
    }
  }

  async #readLane(lane: Lane): Promise<void> {
    const { rowsPerLane } = this.#limits;
    this.#touched.delete(lane.name);
    const rows = await this.#source.readLane(this.#domain, lane.name, lane.lastPosition, rowsPerLane);
    for (const row of rows) this.#add(lane, row);
    lane.more = rows.length === rowsPerLane || this.#touched.has(lane.name);
    this.#hungry.delete(lane);
    this.#place(lane);
  }

  async #readPage(): Promise<void> {
    const { page, rowsPerLane } = this.#limits;
    if (this.#cursor === '') this.#again = false;
    const rows = await this.#source.readPage(this.#domain, this.#cursor, page);
    const opened = new Set<Lane>();
    for (const row of rows) {
      let lane = this.#lanes.get(row.lane);
      if (lane === undefined) {
        lane = this.#open(row.lane);
        opened.add(lane);
      }
      if (row.position <= lane.lastPosition) continue;
      if (opened.has(lane) && lane.rows.length < rowsPerLane && !lane.more) this.#add(lane, row);
      else lane.more = true;
    }
    const last = rows.length === page ? rows.at(-1)?.lane : undefined;
    for (const lane of opened) if (lane.name === last || this.#touched.has(lane.name)) lane.more = true;
    this.#cursor = last ?? '';
    if (last === undefined) this.#unread = this.#again;
    for (const { lane: name } of rows) {
      const lane = this.#lanes.get(name);
      if (lane !== undefined) this.#place(lane);
    }
  }

  #open(name: string): Lane {
    const lane = new Lane(name);
    this.#lanes.set(name, lane);
    return lane;
  }

  #add(lane: Lane, row: QueuedRow): void {
    lane.append(row);
    this.#rows += 1;
    this.#characters += row.input.length;
    this.#place(lane);
  }

  #forget(row: QueuedRow): void {
    this.#rows -= 1;
    this.#characters -= row.input.length;
  }

  #send(lane: Lane, count: number): void {
    this.#ready.delete(lane);
    this.#readyAlone.delete(lane);
    lane.state = { kind: 'sending', count };
  }

  /** Puts a lane that is neither sending nor held where it belongs. */
  #place(lane: Lane): void {
    if (lane.state.kind === 'sending' || lane.state.kind === 'held') return;
    if (lane.rows.length > 0) {
      lane.state = { kind: 'ready' };
      if (lane.alone) {
        this.#ready.delete(lane);
        this.#readyAlone.add(lane);
      } else {
        this.#readyAlone.delete(lane);
        this.#ready.add(lane);
      }
      return;
    }
    lane.state = { kind: 'resting' };
    if (lane.more) this.#hungry.add(lane);
    else if (lane.unacknowledged === 0 && !this.#reading) {
      this.#hungry.delete(lane);
      this.#lanes.delete(lane.name);
    }
  }
}
