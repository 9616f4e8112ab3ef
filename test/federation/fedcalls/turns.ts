import { getQueues, type RemoteQueue } from '#contract/internal/outbox.ts';
import { type NetworkBackend, request, type TestAnswer, until } from '#testkit';
import type { FederatedCallRow } from './play.ts';

/** A row whose call uses up what it is made with. */
export interface RowInTurns<Rig, Own>
  extends Omit<FederatedCallRow<Rig>, 'call' | 'prepare' | 'status' | 'carries'> {
  /** Makes what one call needs, while the remote is up. */
  readonly make: (rig: Rig) => Promise<Own>;
  readonly call: (rig: Rig, own: Own) => Promise<TestAnswer>;
  /** 200 when left out. */
  readonly status?: number;
  /** What is to be found in the notification of a call, for RPCs that are queued. */
  readonly carries?: (own: Own) => string;
}

/**
 * A row with something of its own for each time that its call is made. The call comes when everything has arrived that
 * was caused before it: what then arrives is its own.
 */
export function inTurns<Rig extends { readonly a: NetworkBackend }, Own>({
  make,
  call,
  carries,
  ...row
}: RowInTurns<Rig, Own>): FederatedCallRow<Rig> {
  const waiting: Own[] = [];
  let carried = 'what no call has been made for';
  return {
    status: 200,
    ...row,
    async prepare(rig) {
      for (const _ of ['up', 'down']) waiting.push(await make(rig));
      await drained(rig.a);
    },
    async call(rig) {
      const [own] = waiting.splice(0, 1);
      if (own === undefined) throw new Error(`${row.route.path} is called more often than prepared for`);
      if (carries !== undefined) carried = carries(own);
      return call(rig, own);
    },
    ...(carries !== undefined && row.rpc.delivery === 'queued' && { carries: () => carried }),
  };
}

/** Waits until nothing is queued for other backends. */
async function drained({ internalApi }: NetworkBackend): Promise<void> {
  await until('the queues to be empty', async () => {
    const answer = await request(`${internalApi}${getQueues.path}`);
    return (answer.get('queues') as readonly RemoteQueue[]).every(({ depth }) => depth === 0);
  });
}
