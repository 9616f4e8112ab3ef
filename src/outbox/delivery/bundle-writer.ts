import type { Bundle, BundledNotification } from '#contract/federation/outbox.ts';
import type { QueuedRpc } from '#contract/federation-caller.ts';
import type { Taken } from '../lanes/lane-window.ts';
import type { QueuedRow } from '../rows/queued-row.ts';

/** Finds the declaration of an RPC that a row names. */
export type RpcLookup = (row: Pick<QueuedRow, 'component' | 'rpc'>) => QueuedRpc | undefined;

export function createRpcLookup(rpcs: readonly QueuedRpc[]): RpcLookup {
  const table = new Map(rpcs.map((rpc) => [`${rpc.component}/${rpc.name}`, rpc]));
  return ({ component, rpc }) => table.get(`${component}/${rpc}`);
}

/** The rows of a lane that went into a bundle: all, or those before the first that cannot go. */
export interface Packed {
  readonly taken: Taken;
  readonly count: number;
}

/** Makes the bundle that a remote of this version understands, and says what went into it. */
export function writeBundle(
  taken: readonly Taken[],
  version: number,
  lookup: RpcLookup,
): { readonly bundle: Bundle; readonly packed: readonly Packed[] } {
  const notifications: BundledNotification[] = [];
  const packed = taken.map((from) => {
    let count = 0;
    for (const row of from.rows) {
      const body = bodyFor(row, version, lookup);
      if (body === undefined) break;
      notifications.push(bundled(row, body));
      count += 1;
    }
    return { taken: from, count };
  });
  return { bundle: { notifications }, packed };
}

function bundled(row: QueuedRow, body: string): BundledNotification {
  const { deliveryId: id, lane, component, rpc, requestId } = row;
  return { id, lane, component, rpc, body, ...(requestId === undefined ? {} : { requestId }) };
}

/** The JSON text of the input in the form of this version; undefined when the version has no such RPC. */
function bodyFor(row: QueuedRow, version: number, lookup: RpcLookup): string | undefined {
  const rpc = lookup(row);
  if (rpc === undefined || version < rpc.since) return undefined;
  const { older } = rpc;
  if (older === undefined || version >= older.until) return row.input;
  return JSON.stringify(older.write(JSON.parse(row.input) as never));
}
