import type {
  BundledNotification,
  BundledResult,
  deliverNotifications,
} from '#contract/federation/outbox.ts';
import type { RpcContext, RpcHandler } from '#contract/rpc.ts';
import type { ComponentRequest, ComponentResponse, ComponentTransport } from '#contract/rpc-transport.ts';
import type { RpcLookup } from '../delivery/bundle-writer.ts';
import { observeBundle } from '../telemetry.ts';

export interface ReceiverNeeds {
  /** The dispatcher that serves requests of one notification: the same checks, the same handlers. */
  readonly dispatch: ComponentTransport['send'];
  /** Queued RPCs: nothing else may come in a bundle. */
  readonly lookup: RpcLookup;
  readonly answerMs: number;
}

const skipped: BundledResult = { outcome: 'skipped' };
const pending: BundledResult = { outcome: 'pending' };

/**
 * Handles a bundle: lanes side by side, so that their units of work share commits; the notifications of a lane one
 * after the other, up to the first that fails. Who sent it is what the federator admitted, for each of them.
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
    const runLane = async (indexes: readonly number[]): Promise<void> => {
      for (const index of indexes) {
        if (late || context.signal.aborted) return;
        results[index] = pending;
        const result = await receiveOne(needs, context, notifications[index] as BundledNotification);
        if (late) return;
        results[index] = result;
        if (result.outcome !== 'done') return;
      }
    };
    const lanes = indexesByLane(notifications).map(runLane);
    await Promise.race([Promise.all(lanes), deadline.promise]);
    clearTimeout(timer);
    return { results };
  };
}

function indexesByLane(notifications: readonly BundledNotification[]): readonly (readonly number[])[] {
  const lanes = new Map<string, number[]>();
  notifications.forEach(({ lane }, index) => {
    const known = lanes.get(lane);
    if (known === undefined) lanes.set(lane, [index]);
    else known.push(index);
  });
  return [...lanes.values()];
}

async function receiveOne(
  { dispatch, lookup }: ReceiverNeeds,
  context: RpcContext,
  notification: BundledNotification,
): Promise<BundledResult> {
  const { component, rpc, body, id, requestId } = notification;
  if (lookup({ component, rpc }) === undefined) {
    const message = `${component}/${rpc} is no queued RPC of this backend`;
    return { outcome: 'refused', code: 404, label: 'no-endpoint', message };
  }
  const request: ComponentRequest = {
    component,
    rpc,
    originDomain: context.origin,
    requestId: requestId ?? context.requestId,
    version: String(context.version),
    deliveryId: id,
    body: Buffer.from(body),
    signal: context.signal,
  };
  return toResult(await dispatch(request));
}

/** Notifications answer small JSON bodies, which our own dispatcher gives whole. */
function toResult({ status, body }: ComponentResponse): BundledResult {
  if (status === 200) return { outcome: 'done' };
  const text = body instanceof Uint8Array ? Buffer.from(body).toString('utf8') : '';
  const { label, message } = JSON.parse(text === '' ? '{}' : text) as { label?: string; message?: string };
  return {
    outcome: 'refused',
    code: status,
    label: label ?? 'unknown-error',
    message: (message ?? text).slice(0, 1000),
  };
}
