import type {
  BundledNotification,
  BundledResult,
  deliverNotifications,
} from '#contract/federation/outbox.ts';
import type { RpcContext, RpcHandler } from '#contract/rpc.ts';
import type { Dispatcher } from '#contract/rpc-dispatch.ts';
import type { ComponentRequest, ComponentResponse } from '#contract/rpc-transport.ts';
import type { RpcLookup } from '../delivery/bundle-writer.ts';
import { observeBundle } from '../telemetry.ts';

export interface ReceiverNeeds {
  /** Serves requests of notifications: the same checks, the same handlers. */
  readonly dispatcher: () => Dispatcher;
  /** Queued RPCs: nothing else may come in a bundle. */
  readonly lookup: RpcLookup;
  readonly answerMs: number;
}

/** So many notifications of a lane are handled in one unit of work. */
const maxTogether = 64;

const done: BundledResult = { outcome: 'done' };
const skipped: BundledResult = { outcome: 'skipped' };
const pending: BundledResult = { outcome: 'pending' };

/**
 * Handles a bundle: lanes side by side, so that their units of work share commits; the notifications of a lane in order,
 * those of one RPC that follow each other in one unit of work where the RPC allows it, up to the first that fails. Who
 * sent it is what the federator admitted, for each of them.
 *
 * One slow notification does not keep the sender waiting for the others: after `answerMs` no further one is begun, and
 * the answer goes out with what there is.
 */
export function serveDeliverNotifications(needs: ReceiverNeeds): RpcHandler<typeof deliverNotifications> {
  return async (context, { notifications }) => {
    observeBundle('received', notifications.length);
    const results: BundledResult[] = notifications.map(() => skipped);
    const deadline = Promise.withResolvers<void>();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      deadline.resolve();
    }, needs.answerMs);
    const isOver = () => late || context.signal.aborted;
    const set = (index: number, result: BundledResult) => {
      if (!late) results[index] = result;
    };
    const runOne = async (index: number): Promise<boolean> => {
      set(index, pending);
      const result = await receiveOne(needs, context, notifications[index] as BundledNotification);
      set(index, result);
      return result.outcome === 'done';
    };
    const runTogether = async (indexes: readonly number[]): Promise<boolean> => {
      for (const index of indexes) set(index, pending);
      const all = indexes.map((index) => notifications[index] as BundledNotification);
      const isDone = await needs.dispatcher().sendTogether(all.map((each) => requestOf(context, each)));
      for (const index of indexes) set(index, isDone ? done : skipped);
      return isDone;
    };
    const runLane = async (runs: readonly (readonly number[])[]): Promise<void> => {
      for (const run of runs) {
        if (isOver()) return;
        if (run.length > 1 && (await runTogether(run))) continue;
        for (const index of run) if (isOver() || !(await runOne(index))) return;
      }
    };
    const lanes = runsByLane(notifications).map(runLane);
    await Promise.race([Promise.all(lanes), deadline.promise]);
    clearTimeout(timer);
    return { results };
  };
}

/** The notifications of each lane, cut where another RPC begins and where a unit of work would be too long. */
function runsByLane(
  notifications: readonly BundledNotification[],
): readonly (readonly (readonly number[])[])[] {
  const lanes = new Map<string, { readonly name: string; readonly indexes: number[] }[]>();
  notifications.forEach(({ lane, component, rpc }, index) => {
    const name = `${component}/${rpc}`;
    const runs = lanes.get(lane) ?? [];
    lanes.set(lane, runs);
    const last = runs.at(-1);
    if (last?.name === name && last.indexes.length < maxTogether) last.indexes.push(index);
    else runs.push({ name, indexes: [index] });
  });
  return [...lanes.values()].map((runs) => runs.map(({ indexes }) => indexes));
}

async function receiveOne(
  { dispatcher, lookup }: ReceiverNeeds,
  context: RpcContext,
  notification: BundledNotification,
): Promise<BundledResult> {
  const { component, rpc } = notification;
  if (lookup({ component, rpc }) === undefined) {
    const message = `${component}/${rpc} is no queued RPC of this backend`;
    return { outcome: 'refused', code: 404, label: 'no-endpoint', message };
  }
  return toResult(await dispatcher().send(requestOf(context, notification)));
}

function requestOf(context: RpcContext, notification: BundledNotification): ComponentRequest {
  const { component, rpc, body, id, requestId } = notification;
  return {
    component,
    rpc,
    originDomain: context.origin,
    requestId: requestId ?? context.requestId,
    version: String(context.version),
    deliveryId: id,
    body: Buffer.from(body),
    signal: context.signal,
  };
}

/** Notifications answer small JSON bodies, which our own dispatcher gives whole. */
function toResult({ status, body }: ComponentResponse): BundledResult {
  if (status === 200) return done;
  const text = body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : '';
  const { label, message } = JSON.parse(text === '' ? '{}' : text) as { label?: string; message?: string };
  return {
    outcome: 'refused',
    code: status,
    label: label ?? 'unknown-error',
    message: (message ?? text).slice(0, 1000),
  };
}
