import { Counter, Gauge } from 'prom-client';

/** Numbers of one pool that its gauges show. */
export interface PoolCounts {
  sessions: number;
}

const handshakes = new Counter({
  name: 'crosswire_federator_outgoing_handshakes_total',
  help: 'Connections to remote backends by outcome: full or resumed TLS handshake, or failed',
  labelNames: ['outcome'],
});

export function countHandshake(outcome: 'full' | 'resumed' | 'failed'): void {
  handshakes.inc({ outcome });
}

/** What the gauges read from the open pools of this process. */
export interface PoolView {
  readonly counts: PoolCounts;
  breakers(): { readonly closed: number; readonly open: number; readonly halfOpen: number };
  waiting(): number;
}

const pools = new Set<PoolView>();

/** Shows a pool in the gauges until the function returned is called. */
export function showPool(pool: PoolView): () => void {
  pools.add(pool);
  return () => {
    pools.delete(pool);
  };
}

new Gauge({
  name: 'crosswire_federator_outgoing_sessions',
  help: 'Open HTTP/2 sessions to remote backends',
  collect() {
    this.set([...pools].reduce((sum, pool) => sum + pool.counts.sessions, 0));
  },
});

new Gauge({
  name: 'crosswire_federator_outgoing_waiting',
  help: 'Calls that wait for a connection or a stream',
  collect() {
    this.set([...pools].reduce((sum, pool) => sum + pool.waiting(), 0));
  },
});

new Gauge({
  name: 'crosswire_federator_breakers',
  help: 'Remote backends by state of their circuit breaker',
  labelNames: ['state'],
  collect() {
    const states = [...pools].map((pool) => pool.breakers());
    this.set(
      { state: 'closed' },
      states.reduce((sum, state) => sum + state.closed, 0),
    );
    this.set(
      { state: 'open' },
      states.reduce((sum, state) => sum + state.open, 0),
    );
    this.set(
      { state: 'half-open' },
      states.reduce((sum, state) => sum + state.halfOpen, 0),
    );
  },
});
