import type { BrigNeeds } from '#brig';
import { queuedRpcs } from '#contract/federation/queued.ts';
import type { AnsweredRpc, FederationCaller, FederationDeliverer } from '#contract/federation-caller.ts';
import { type BackendDomain, parseBackendDomain } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { failureOf } from '#contract/remote-failure.ts';
import type { InputOf, OutputOf, Rpc } from '#contract/rpc.ts';
import { createDispatcher } from '#contract/rpc-dispatch.ts';
import type { ComponentTransport } from '#contract/rpc-transport.ts';
import { openOutbox } from '#outbox';
import { openStorage, type Storage } from '#storage';
import { openRig, type Rig } from './brig-rig.ts';

/**
 * Two brigs with a database each and a wire between them that can be cut: requests go through the contract's schemas
 * and the dispatcher as behind a federator. With the real network there is `test/federation`.
 */
export interface Pair extends AsyncDisposable {
  readonly a: Rig;
  readonly b: Rig;
  readonly wire: Wire;
}

/** What the wire does to a call. `unheard`: it never arrives; `lost`: it arrives, and its answer is lost. */
export type Fault = 'unheard' | 'lost';

export interface Wire {
  /** Asked before each call; nothing when it goes through. */
  fault: (to: string, rpc: string) => Fault | undefined;
  /** Runs between the arrival of an answer at the caller and its return. */
  pause: (to: string, rpc: string) => Promise<void>;
  /** Every call that has arrived: `b.example.com send-connection-action RemoteConnect`. */
  readonly arrived: string[];
}

/** `a.example.com` or `b.example.com`. */
export function domainOf(letter: 'a' | 'b'): BackendDomain {
  const domain = parseBackendDomain(`${letter}.example.com`);
  if (domain === undefined) throw new Error(`${letter}.example.com is a domain`);
  return domain;
}

export async function openPair(
  urls: readonly [string, string],
  needs: Partial<Record<'a' | 'b', Partial<BrigNeeds>>> = {},
): Promise<Pair> {
  await using opening = new AsyncDisposableStack();
  const wire: Wire = { fault: () => undefined, pause: async () => undefined, arrived: [] };
  const doors = new Map<BackendDomain, ComponentTransport>();
  const open = async (letter: 'a' | 'b', url: string) => {
    const ownDomain = domainOf(letter);
    const federation = createWireCaller(ownDomain, doors, wire);
    const storage = opening.use(await openStorage({ url }));
    const outbox = opening.use(openWireOutbox(ownDomain, storage, federation));
    const rig = opening.use(
      await openRig(url, { ownDomain, storage, federation, outbox, inbox: outbox, ...needs[letter] }),
    );
    doors.set(
      ownDomain,
      createDispatcher(rig.brig.rpcs, {
        onBug(error) {
          throw error;
        },
      }),
    );
    return rig;
  };
  const a = await open('a', urls[0]);
  const b = await open('b', urls[1]);
  const owned = opening.move();
  return { a, b, wire, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function openWireOutbox(ownDomain: BackendDomain, storage: Storage, federation: FederationDeliverer) {
  const dispatcher = () => createDispatcher([], { onBug: () => undefined });
  return openOutbox({ ownDomain, storage, federation, queuedRpcs, dispatcher });
}

function createWireCaller(
  origin: BackendDomain,
  doors: ReadonlyMap<BackendDomain, ComponentTransport>,
  wire: Wire,
): FederationCaller & FederationDeliverer {
  async function send<R extends Rpc>(
    to: BackendDomain,
    rpc: R,
    input: InputOf<R>,
    deliveryId?: string,
  ): Promise<OutputOf<R>> {
    const fault = wire.fault(to, rpc.name);
    const lost = () => refuse('federation-connection-refused', { message: 'the wire is cut' });
    const door = doors.get(to);
    if (fault === 'unheard' || door === undefined) throw lost();
    const answer = await door.send({
      component: rpc.component,
      rpc: rpc.name,
      originDomain: origin,
      requestId: 'wire',
      version: '1',
      ...(deliveryId === undefined ? {} : { deliveryId }),
      body: Buffer.from(JSON.stringify(input)),
      signal: new AbortController().signal,
    });
    wire.arrived.push(describe(to, rpc, input));
    const body = answer.body as Uint8Array;
    const data = { type: 'federation', domain: to, path: `/federation/${rpc.name}` } as const;
    await wire.pause(to, rpc.name);
    if (fault === 'lost') throw lost();
    if (answer.status !== 200) throw failureOf(533, body, data);
    return rpc.parseOutput.parse(JSON.parse(Buffer.from(body).toString('utf8')), 'answer') as OutputOf<R>;
  }
  return {
    call: <R extends AnsweredRpc>(to: BackendDomain, rpc: R, input: InputOf<R>) => send(to, rpc, input),
    async deliver(to, rpc, input, { deliveryId }) {
      await send(to, rpc, input, deliveryId);
    },
    deliverBundle: () => Promise.reject(new Error('the wire takes no bundles')),
    takesBundles: () => Promise.resolve(false),
  };
}

function describe(to: BackendDomain, rpc: Rpc, input: unknown): string {
  const { action } = input as { readonly action?: string };
  return [to, rpc.name, ...(action === undefined ? [] : [action])].join(' ');
}
