import type { FederationDeliverer } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { Lane } from '../lanes/lane.ts';
import { type LaneSource, LaneWindow, type Taken } from '../lanes/lane-window.ts';
import type { QueuedRow } from '../rows/queued-row.ts';
import type { OutboxSettings } from '../settings.ts';
import { countDelivered, deliveryFailed, log, remoteIsBack, remoteWaits, setAside } from '../telemetry.ts';
import type { Acknowledgement, Acknowledgements } from './acknowledgements.ts';
import type { RpcLookup } from './bundle-writer.ts';
import { retryDelayMs } from './retry.ts';
import { type LaneOutcome, Sender } from './sender.ts';
import { judge, type Verdict } from './verdict.ts';

type RemoteVerdict = Extract<Verdict, { kind: 'remote' }>;
type Failure = Exclude<Verdict, { kind: 'dead' }>;

/**
 * What a remote's deliveries do.
 *
 * - `going`: whatever is ready is sent. A failure of the remote makes it wait.
 * - `waiting`: nothing is sent until `until`, contact from the remote, or an operator's word; then it probes.
 * - `probing`: one delivery is on its way. A success lets everything go, a failure waits again, for longer.
 * - `closed`: for good.
 */
export type DrainerState =
  | { readonly kind: 'going' }
  | { readonly kind: 'waiting'; readonly since: number; readonly failures: number; readonly until: number }
  | { readonly kind: 'probing'; readonly since: number; readonly failures: number }
  | { readonly kind: 'closed' };

/** Whether the remote takes bundles; asked again when its sessions may be others. */
type Mode = 'unknown' | 'asking' | 'bundles' | 'plain';

interface Flight {
  readonly kind: 'bundle' | 'row' | 'alone';
  readonly abort: AbortController;
}

export interface DrainerNeeds {
  readonly source: LaneSource;
  readonly federation: FederationDeliverer;
  readonly lookup: RpcLookup;
  readonly acknowledgements: Acknowledgements;
  readonly settings: OutboxSettings;
  readonly now: () => number;
  readonly random: () => number;
  /** Called when nothing waits for this remote and nothing is on its way. */
  readonly onQuiet: () => void;
}

export interface DrainerStatus {
  readonly state: DrainerState['kind'];
  readonly nextAttemptAt: number | undefined;
  readonly lastFailure: { readonly at: number; readonly label: string; readonly message: string } | undefined;
  readonly inFlight: number;
}

/** Contact ends a wait at most this often. */
const minProbeMs = 250;
/** When reading failed, or a remote without bundles is asked again whether it takes them. */
const readRetryMs = 500;
const plainForMs = 10_000;
/** When so many lanes fail one after the other and none succeeds, it is the remote that fails. */
const maxFailedLanes = 16;

/** Delivers what waits for one remote. All happens in `#pump`, which is called after whatever changed something. */
export class RemoteDrainer {
  readonly domain: BackendDomain;
  readonly #needs: DrainerNeeds;
  readonly #window: LaneWindow;
  readonly #sender: Sender;
  readonly #flights = new Map<Promise<void>, Flight>();
  readonly #inFlight = { bundle: 0, row: 0, alone: 0 };
  readonly #failedLanes = new Set<string>();
  #state: DrainerState = { kind: 'going' };
  #mode: Mode = 'unknown';
  #plainUntil = 0;
  #lastFailure: DrainerStatus['lastFailure'];
  #lastProbeAt = Number.NEGATIVE_INFINITY;
  #scheduled = false;
  #reading: Promise<void> | undefined;
  #waitTimer: NodeJS.Timeout | undefined;
  #laneTimer: NodeJS.Timeout | undefined;

  constructor(domain: BackendDomain, needs: DrainerNeeds) {
    this.domain = domain;
    this.#needs = needs;
    this.#window = new LaneWindow(domain, needs.source, needs.settings.window);
    this.#sender = new Sender(domain, needs.federation, needs.lookup);
    this.#schedule();
  }

  /** Rows that have just been committed. */
  offer(row: QueuedRow): void {
    this.#window.offer(row);
    this.#schedule();
  }

  /** Rows were committed that have to be read. */
  changed(lanes: Iterable<string> | 'anywhere'): void {
    this.#window.changed(lanes);
    this.#schedule();
  }

  /** The remote has just spoken to us. */
  contact(): void {
    if (this.#state.kind !== 'waiting') return;
    const { since } = this.#state;
    const until = Math.max(this.#needs.now(), this.#lastProbeAt + minProbeMs);
    if (until < this.#state.until) this.#wait({ kind: 'waiting', since, failures: 1, until });
  }

  /** An operator's word: everything is tried at once. */
  retryNow(): void {
    this.#window.release(Number.POSITIVE_INFINITY);
    if (this.#state.kind === 'waiting') this.#probe(this.#state.since, 0);
    this.#schedule();
  }

  /** The queue was changed by hand. */
  reset(): void {
    this.#window.reset();
    this.#schedule();
  }

  /** These rows were taken out of the database by somebody else. */
  drop(positions: ReadonlySet<number>): void {
    this.#window.drop(positions);
    this.#schedule();
  }

  isSending(row: QueuedRow): boolean {
    return this.#window.isSending(row);
  }

  get quiet(): boolean {
    return this.#window.empty && this.#flights.size === 0;
  }

  get status(): DrainerStatus {
    return {
      state: this.#state.kind,
      nextAttemptAt: this.#state.kind === 'waiting' ? this.#state.until : this.#window.nextRelease,
      lastFailure: this.#lastFailure,
      inFlight: this.#flights.size,
    };
  }

  /** Begins nothing more, lets what is on its way end within a bound, then cuts it off. */
  async close(graceMs: number): Promise<void> {
    this.#state = { kind: 'closed' };
    clearTimeout(this.#waitTimer);
    clearTimeout(this.#laneTimer);
    const cutOff = setTimeout(() => {
      for (const { abort } of this.#flights.values()) abort.abort();
    }, graceMs);
    await Promise.all([...this.#flights.keys(), this.#reading]);
    clearTimeout(cutOff);
  }

  /** Everything that changed within one turn, such as a group of commits, is handled together. */
  #schedule(): void {
    if (this.#scheduled || this.#state.kind === 'closed') return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#state.kind === 'closed') return;
    this.#window.release(this.#needs.now());
    this.#armLanes();
    if (this.#state.kind !== 'waiting') this.#launchAll();
    if (this.#window.needsRead && this.#reading === undefined) this.#read();
    if (this.quiet) this.#needs.onQuiet();
  }

  #launchAll(): void {
    while (this.#window.hasReady) {
      if (this.#mode === 'plain' && this.#needs.now() > this.#plainUntil) this.#mode = 'unknown';
      if (this.#mode === 'unknown') this.#negotiate();
      if (this.#mode === 'asking' || !this.#launch()) return;
    }
  }

  /** Sends something, unless enough is on its way. */
  #launch(): boolean {
    if (this.#state.kind === 'probing' && this.#flights.size > 0) return false;
    const { settings } = this.#needs;
    if (this.#inFlight.alone < settings.concurrentAlone) {
      const alone = this.#window.takeOne('alone');
      if (alone !== undefined) return this.#start('alone', [alone]);
    }
    if (this.#mode === 'bundles') {
      const bundles = settings.concurrentBundles - this.#inFlight.bundle;
      if (bundles <= 0) return false;
      const { bundleRows: rows, bundleCharacters: characters } = settings;
      return this.#start('bundle', this.#window.takeMany({ rows, characters, bundles }));
    }
    if (this.#inFlight.row >= settings.concurrentRows) return false;
    const one = this.#window.takeOne('any');
    return one !== undefined && this.#start('row', [one]);
  }

  #start(kind: Flight['kind'], taken: readonly Taken[]): boolean {
    const [first] = taken;
    if (first === undefined) return false;
    const abort = new AbortController();
    const single = taken.length === 1 && first.rows.length === 1;
    const sent = single
      ? this.#sender.sendOne(first, abort.signal).then((outcome) => [outcome])
      : this.#sender.sendBundle(taken, abort.signal);
    const flight = sent.then((outcomes) => {
      this.#flights.delete(flight);
      this.#inFlight[kind] -= 1;
      this.#landed(outcomes);
    });
    this.#flights.set(flight, { kind, abort });
    this.#inFlight[kind] += 1;
    return true;
  }

  #landed(outcomes: readonly LaneOutcome[]): void {
    const done: Acknowledgement[] = [];
    const counts: [Lane, number][] = [];
    let delivered = 0;
    let remote: RemoteVerdict | undefined;
    for (const outcome of outcomes) {
      const { taken, failure } = outcome;
      outcome.done.forEach((verdict, index) => {
        const row = taken.rows[index] as QueuedRow;
        if (verdict === undefined) delivered += 1;
        else this.#died(row, verdict);
        done.push(verdict ? { row, death: { label: verdict.label, reason: verdict.message } } : { row });
      });
      counts.push([taken.lane, outcome.done.length]);
      if (outcome.noBundles === true) this.#become('plain');
      this.#settle(outcome);
      if (failure?.kind === 'remote') remote = failure;
    }
    if (delivered > 0) countDelivered(this.domain, delivered);
    if (done.length > 0) this.#acknowledge(done, counts);
    if (done.length > 0) this.#succeeded();
    if (remote !== undefined) this.#failed(remote);
    else if (this.#failedLanes.size >= maxFailedLanes && this.#lastFailure !== undefined) {
      const { label, message } = this.#lastFailure;
      this.#failed({ kind: 'remote', pace: 'refused', label, message });
    } else if (this.#state.kind === 'probing') this.#goOn();
    this.#schedule();
  }

  #settle({ taken: { lane }, done, failure, alone }: LaneOutcome): void {
    if (done.length > 0) this.#failedLanes.delete(lane.name);
    lane.alone = alone ?? (done.length > 0 ? false : lane.alone);
    this.#window.settle(lane, done.length);
    if (failure?.kind !== 'lane' || this.#state.kind === 'closed') return;
    lane.failures += 1;
    this.#failedLanes.add(lane.name);
    this.#note(failure);
    const wait = retryDelayMs(lane.failures, this.#needs.random(), this.#needs.settings.paces.lane);
    this.#window.hold(lane, this.#needs.now() + wait);
  }

  #died(row: QueuedRow, { label, message }: Extract<Verdict, { kind: 'dead' }>): void {
    deliveryFailed(this.domain, label);
    setAside(row, label, message);
  }

  #acknowledge(done: readonly Acknowledgement[], counts: readonly [Lane, number][]): void {
    this.#needs.acknowledgements.add(done, () => {
      for (const [lane, count] of counts) this.#window.acknowledged(lane, count);
      this.#schedule();
    });
  }

  #note(failure: Failure): void {
    deliveryFailed(this.domain, failure.label);
    this.#lastFailure = { at: this.#needs.now(), label: failure.label, message: failure.message };
  }

  #succeeded(): void {
    this.#failedLanes.clear();
    if (this.#state.kind === 'going') {
      if (this.#window.nextRelease === undefined) this.#lastFailure = undefined;
      return;
    }
    this.#goOn();
    this.#lastFailure = undefined;
  }

  /** The remote is back: what was held because of its old troubles is tried as well. */
  #goOn(): void {
    if (this.#state.kind !== 'probing' && this.#state.kind !== 'waiting') return;
    clearTimeout(this.#waitTimer);
    remoteIsBack(this.domain, this.#needs.now() - this.#state.since);
    this.#state = { kind: 'going' };
    if (this.#failedLanes.size === 0) this.#window.release(Number.POSITIVE_INFINITY);
  }

  #failed(failure: RemoteVerdict): void {
    this.#note(failure);
    this.#failedLanes.clear();
    if (this.#mode !== 'asking') this.#mode = 'unknown';
    const state = this.#state;
    // What fails while it waits was sent before.
    if (state.kind === 'closed' || state.kind === 'waiting') return;
    const now = this.#needs.now();
    const failures = state.kind === 'probing' ? state.failures + 1 : 1;
    if (failures === 1) remoteWaits(this.domain, failure.label, failure.message);
    const pace = this.#needs.settings.paces[failure.pace];
    const until = now + retryDelayMs(failures, this.#needs.random(), pace);
    this.#wait({ kind: 'waiting', since: state.kind === 'probing' ? state.since : now, failures, until });
  }

  #wait(state: Extract<DrainerState, { kind: 'waiting' }>): void {
    this.#state = state;
    clearTimeout(this.#waitTimer);
    const wait = Math.max(0, state.until - this.#needs.now());
    this.#waitTimer = setTimeout(() => this.#probe(state.since, state.failures), wait);
    this.#waitTimer.unref();
  }

  #probe(since: number, failures: number): void {
    clearTimeout(this.#waitTimer);
    this.#lastProbeAt = this.#needs.now();
    this.#state = { kind: 'probing', since, failures };
    this.#schedule();
  }

  /**
   * Asking for the versions of a remote that is away is the cheapest probe. Closing does not wait for the answer: it is
   * shared with other callers, and has no effect.
   */
  #negotiate(): void {
    if (!this.#needs.settings.bundles) {
      this.#become('plain');
      return;
    }
    this.#mode = 'asking';
    this.#needs.federation.takesBundles(this.domain).then(
      (bundles) => {
        this.#become(bundles ? 'bundles' : 'plain');
        this.#schedule();
      },
      (error: unknown) => {
        this.#mode = 'unknown';
        this.#failed(ofTheRemote(judge(error)));
        this.#schedule();
      },
    );
  }

  #become(mode: 'bundles' | 'plain'): void {
    this.#mode = mode;
    this.#plainUntil = this.#needs.now() + plainForMs;
  }

  #read(): void {
    this.#reading = this.#window.read().then(
      () => {
        this.#reading = undefined;
        this.#schedule();
      },
      (error: unknown) => {
        this.#reading = undefined;
        log.error({ err: error, domain: this.domain }, 'notifications could not be read; trying again');
        this.#laneTimer = setTimeout(() => this.#schedule(), readRetryMs);
        this.#laneTimer.unref();
      },
    );
  }

  /** Wakes up when the first held lane may go on. */
  #armLanes(): void {
    const next = this.#window.nextRelease;
    clearTimeout(this.#laneTimer);
    if (next === undefined) return;
    this.#laneTimer = setTimeout(() => this.#schedule(), Math.max(0, next - this.#needs.now()));
    this.#laneTimer.unref();
  }
}

/** Whatever keeps us from learning a remote's versions keeps everything from it. */
function ofTheRemote(verdict: Verdict): RemoteVerdict {
  if (verdict.kind === 'remote') return verdict;
  const { label, message } = verdict;
  return { kind: 'remote', pace: 'refused', label, message };
}
