import type { BackendDomain } from '#contract/ids.ts';
import { dropQueue, getQueues, type RemoteQueue, retryQueue } from '#contract/internal/outbox.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type ServedRoute } from '#contract/route.ts';
import type { Storage } from '#storage';
import type { Drainers } from './delivery/drainers.ts';
import type { RemoteDrainer } from './delivery/remote-drainer.ts';
import {
  countDeadLetters,
  dropDeadLetters,
  listDeadLetters,
  requeueDeadLetters,
} from './rows/dead-letter-store.ts';
import { type QueueDepth, queueDepths, removeAllRows } from './rows/outbox-store.ts';
import type { DeadLetter } from './rows/queued-row.ts';

/** Dead letters that are shown of one remote. */
const shownDeadLetters = 100;
/** Dead letters that go back into their lanes in one unit of work. */
const requeuedAtOnce = 500;

export interface OutboxRouteNeeds {
  readonly storage: Storage;
  /** Undefined when federation is off: what an earlier time left waits, and can be seen and dropped. */
  readonly drainers: Drainers | undefined;
  readonly now: () => number;
}

/** The queues on the operations listener. */
export function outboxRoutes(needs: OutboxRouteNeeds): readonly ServedRoute[] {
  return [
    handle(getQueues, async () => ({ status: 200, body: { queues: await readQueues(needs) } })),
    handle(retryQueue, async ({ params }) => {
      if (needs.drainers === undefined) throw refuse('federation-not-enabled');
      const requeued = await requeueAll(needs, needs.drainers, params.domain);
      needs.drainers.find(params.domain)?.retryNow();
      return { status: 200, body: { requeued } };
    }),
    handle(dropQueue, async ({ params, query }) => {
      const dropped = await needs.storage.work(async (work) => ({
        dead_letters: await dropDeadLetters(work, params.domain),
        notifications: query.what === 'all' ? await removeAllRows(work, params.domain) : 0,
      }));
      if (dropped.notifications > 0) needs.drainers?.find(params.domain)?.reset();
      return { status: 200, body: dropped };
    }),
  ];
}

async function requeueAll(
  { storage, now }: OutboxRouteNeeds,
  drainers: Drainers,
  domain: BackendDomain,
): Promise<number> {
  let requeued = 0;
  for (;;) {
    const rows = await storage.work(async (work) => {
      const queued = await requeueDeadLetters(work, domain, requeuedAtOnce, now());
      work.onCommit(() => drainers.committed(queued));
      return queued.length;
    });
    requeued += rows;
    if (rows < requeuedAtOnce) return requeued;
  }
}

async function readQueues({ storage, drainers }: OutboxRouteNeeds): Promise<RemoteQueue[]> {
  const { reader } = storage;
  const [depths, dead] = await Promise.all([queueDepths(reader), countDeadLetters(reader)]);
  const byDomain = new Map(depths.map((depth) => [depth.domain, depth]));
  const waiting = (drainers?.list() ?? []).filter((drainer) => drainer.status.lastFailure !== undefined);
  const domains = new Set([...byDomain.keys(), ...dead.keys(), ...waiting.map(({ domain }) => domain)]);
  return await Promise.all(
    [...domains].toSorted().map(async (domain) => {
      const count = dead.get(domain) ?? 0;
      const letters = count === 0 ? [] : await listDeadLetters(reader, domain, shownDeadLetters);
      return {
        ...describe(domain, byDomain.get(domain), drainers),
        dead_letter_count: count,
        dead_letters: letters.map(describeLetter),
      };
    }),
  );
}

function describe(
  domain: BackendDomain,
  depth: QueueDepth | undefined,
  drainers: Drainers | undefined,
): Omit<RemoteQueue, 'dead_letter_count' | 'dead_letters'> {
  const status = drainers?.find(domain)?.status;
  const failure = status?.lastFailure;
  return {
    domain,
    depth: depth?.depth ?? 0,
    lanes: depth?.lanes ?? 0,
    ...(depth === undefined ? {} : { oldest_at: iso(depth.oldestAt) }),
    state: stateOf(depth, status, drainers),
    ...(status?.nextAttemptAt === undefined ? {} : { next_attempt_at: iso(status.nextAttemptAt) }),
    ...(failure === undefined
      ? {}
      : { last_error: { label: failure.label, message: failure.message, at: iso(failure.at) } }),
  };
}

function stateOf(
  depth: QueueDepth | undefined,
  status: RemoteDrainer['status'] | undefined,
  drainers: Drainers | undefined,
): RemoteQueue['state'] {
  if (status === undefined && depth === undefined) return 'going';
  if (drainers === undefined) return 'waiting';
  return status === undefined || status.state === 'closed' ? 'elsewhere' : status.state;
}

function describeLetter(letter: DeadLetter): RemoteQueue['dead_letters'][number] {
  return {
    delivery_id: letter.deliveryId,
    lane: letter.lane,
    component: letter.component,
    rpc: letter.rpc,
    label: letter.label,
    reason: letter.reason,
    queued_at: iso(letter.createdAt),
    set_aside_at: iso(letter.diedAt),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
