import { bundleRpcs } from '#contract/federation/outbox.ts';
import type { FederationDeliverer, QueuedRpc } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import type { ServedRoute } from '#contract/route.ts';
import { type RpcContext, type ServedRpc, serveRpcs } from '#contract/rpc.ts';
import type { Dispatcher } from '#contract/rpc-dispatch.ts';
import type { Storage, Work } from '#storage';
import { Cleaning } from './cleaning.ts';
import { Acknowledgements } from './delivery/acknowledgements.ts';
import { createRpcLookup, type RpcLookup } from './delivery/bundle-writer.ts';
import { Drainers } from './delivery/drainers.ts';
import { createLeases, noLeases } from './leases/leases.ts';
import { outboxRoutes } from './routes.ts';
import { type ReceivedOnce, receiveFirst, receiveFirsts } from './rows/inbox-store.ts';
import { queueDepths, readLane, readPage } from './rows/outbox-store.ts';
import { serveDeliverNotifications } from './rpc/deliver-notifications.ts';
import { defaultOutboxSettings, type OutboxSettings } from './settings.ts';
import { countRepeated, countTold, showQueues } from './telemetry.ts';
import { createTell, type Tell } from './tell.ts';

export interface OutboxNeeds {
  readonly ownDomain: BackendDomain;
  readonly storage: Storage;
  /** How to reach other backends; undefined when federation is off: nothing can be told then. */
  readonly federation: FederationDeliverer | undefined;
  /** Every RPC that is delivered through the outbox; what is stored is found again by its name. */
  readonly queuedRpcs: readonly QueuedRpc[];
  /**
   * Serves the notifications of a received bundle, as if each had come by itself. Looked up at each use: it serves the
   * outbox, too, and comes after it.
   */
  readonly dispatcher: () => Dispatcher;
  readonly settings?: Partial<OutboxSettings>;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
  /** In [0, 1). */
  readonly random?: () => number;
}

export interface Outbox extends AsyncDisposable {
  /**
   * Queues a notification for remotes in a unit of work: one row for each. Rows of one remote and lane arrive in the
   * order in which they were told, each at least once, and exactly once where the receiver keeps an inbox.
   * @param lane `conv:<uuid>@<domain>` or `pair:<local uuid>:<remote uuid>`
   * @throws Refusal `federation-not-enabled` when there are remotes and federation is off
   */
  readonly tell: Tell;
  /**
   * The inbox: whether the notification that a handler was called with is received for the first time. False: it was
   * taken before, and must change nothing. Holds once the handler's unit of work is committed.
   */
  first(work: Work, context: Pick<RpcContext, 'origin' | 'deliveryId'>): Promise<boolean>;
  /** The same for many of one sender: those that were not received before. */
  onlyFirst<C extends ReceivedOnce>(work: Work, calls: readonly C[]): Promise<readonly C[]>;
  /** The bundle RPC. */
  readonly rpcs: readonly ServedRpc[];
  /** For the operations listener. */
  readonly routes: readonly ServedRoute[];
  /** A remote has just spoken to us: what waits for it is tried at once. */
  contact(domain: BackendDomain): void;
  /** Resolves when nothing waits for this remote, or for any. */
  drained(domain?: BackendDomain): Promise<void>;
  /** Sets aside and forgets what is too old now, as happens by itself from time to time. */
  clean(): Promise<void>;
}

/** Opens the outbox. What an earlier process left in the database goes on at once. */
export function openOutbox(needs: OutboxNeeds): Outbox {
  const settings: OutboxSettings = { ...defaultOutboxSettings, ...needs.settings };
  const { storage, now = Date.now } = needs;
  const lookup = createRpcLookup(needs.queuedRpcs);
  const delivering = needs.federation && openDelivery(needs, needs.federation, settings, lookup);
  const tell = createTell({
    ownDomain: needs.ownDomain,
    enabled: delivering !== undefined,
    dialect: storage.dialect,
    lookup,
    now,
    onCommitted: (rows) => {
      countTold(rows.length);
      delivering?.drainers.committed(rows);
    },
  });
  return {
    tell,
    first: async (work, context) => {
      const first = await receiveFirst(work, context, now());
      if (!first) countRepeated();
      return first;
    },
    onlyFirst: async (work, calls) => {
      const first = await receiveFirsts(work, storage.dialect, calls, now());
      for (let repeated = calls.length - first.length; repeated > 0; repeated -= 1) countRepeated();
      return first;
    },
    rpcs: serveRpcs(bundleRpcs, {
      deliverNotifications: serveDeliverNotifications({
        dispatcher: needs.dispatcher,
        lookup,
        answerMs: settings.bundleAnswerMs,
      }),
    }),
    routes: outboxRoutes({ storage, drainers: delivering?.drainers, now }),
    contact: (domain) => delivering?.drainers.find(domain)?.contact(),
    drained: async (domain) => delivering?.drainers.drained(domain),
    clean: async () => delivering?.cleaning.clean(),
    [Symbol.asyncDispose]: async () => delivering?.stack.disposeAsync(),
  };
}

interface Delivery {
  readonly drainers: Drainers;
  readonly cleaning: Cleaning;
  readonly stack: AsyncDisposableStack;
}

function openDelivery(
  { storage, now = Date.now, random = Math.random }: OutboxNeeds,
  federation: FederationDeliverer,
  settings: OutboxSettings,
  lookup: RpcLookup,
): Delivery {
  const stack = new AsyncDisposableStack();
  const { reader } = storage;
  const leases = storage.dialect === 'postgres' ? createLeases(storage, settings.leaseMs) : noLeases;
  const drainers = stack.use(
    new Drainers({
      storage,
      leases,
      settings,
      steadyNow: () => performance.now(),
      drainer: {
        source: {
          readLane: (...place) => readLane(reader, ...place),
          readPage: (...place) => readPage(reader, ...place),
        },
        federation,
        lookup,
        acknowledgements: new Acknowledgements(storage, now),
        settings,
        now,
        random,
      },
    }),
  );
  const cleaning = stack.use(new Cleaning(storage, drainers, settings, now));
  stack.defer(
    showQueues({
      depths: () => queueDepths(reader),
      stuck: () =>
        drainers.list().map(({ domain, status }) => ({ domain, stuck: status.state === 'waiting' })),
    }),
  );
  return { drainers, cleaning, stack };
}
