import type { QueuedRpc } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { InputOf } from '#contract/rpc.ts';
import type { Work } from '#storage';
import type { RpcLookup } from './delivery/bundle-writer.ts';
import { newDeliveryId } from './rows/delivery-id.ts';
import { addRow, lockLanes } from './rows/outbox-store.ts';
import type { QueuedRow } from './rows/queued-row.ts';

/** Queues a notification for remotes; see `Outbox.tell`. */
export type Tell = <R extends QueuedRpc>(
  work: Work,
  to: readonly BackendDomain[],
  rpc: R,
  lane: string,
  input: InputOf<R>,
  options?: TellOptions,
) => Promise<void>;

export interface TellOptions {
  /** Of the client request that causes it, for the logs of both sides. */
  readonly requestId?: string;
}

export interface TellNeeds {
  readonly ownDomain: BackendDomain;
  readonly enabled: boolean;
  readonly dialect: 'sqlite' | 'postgres';
  readonly lookup: RpcLookup;
  readonly now: () => number;
  /** Told of the rows once they are committed. */
  readonly onCommitted: (rows: readonly QueuedRow[]) => void;
}

const laneSyntax = /^[\x21-\x7e]{1,256}$/;
const requestIdSyntax = /^[\x21-\x7e]{1,128}$/;

/** Makes the function that puts notifications into units of work. */
export function createTell(needs: TellNeeds): Tell {
  return async (work, to, rpc, lane, input, options) => {
    if (to.length === 0) return;
    if (!needs.enabled) throw refuse('federation-not-enabled');
    mustBeTellable(needs, to, rpc, lane);
    if (needs.dialect === 'postgres') await lockLanes(work, [lane]);
    const { component, name } = rpc;
    const given = options?.requestId;
    const requestId = given !== undefined && requestIdSyntax.test(given) ? given : undefined;
    const row = {
      lane,
      component,
      rpc: name,
      input: JSON.stringify(input),
      requestId,
      createdAt: needs.now(),
      deliveryId: newDeliveryId(needs.now()),
    };
    const rows: QueuedRow[] = [];
    for (const domain of new Set(to)) rows.push(await addRow(work, { ...row, domain }));
    work.onCommit(() => needs.onCommitted(rows));
  };
}

/** What is wrong here is wrong in our own code. */
function mustBeTellable(needs: TellNeeds, to: readonly BackendDomain[], rpc: QueuedRpc, lane: string): void {
  if (needs.lookup({ component: rpc.component, rpc: rpc.name }) !== rpc)
    throw new Error(
      `${rpc.component}/${rpc.name} is not among the queued RPCs that the outbox was opened with`,
    );
  if (to.includes(needs.ownDomain))
    throw new Error(`${rpc.name} was told to the own domain ${needs.ownDomain}`);
  if (!laneSyntax.test(lane))
    throw new Error(`found the lane ${JSON.stringify(lane)}, expected conv:… or pair:…`);
}
