import type { BackendDomain } from '#contract/ids.ts';
import type { ErrorBody } from '#contract/refusal.ts';
import { refuse } from '#contract/refusal.ts';
import type { RpcResponse, RpcTransport } from '#contract/rpc-transport.ts';
import {
  createInProcessTransport,
  createOutward,
  type Outward,
  type OutwardLimits,
} from '../../src/federator/outward/index.ts';
import type { SessionOptions } from '../../src/federator/sessions/index.ts';
import { openRig, own, type Rig, remote } from './outward-rig.ts';

export { echo } from './outward-rig.ts';

/** The outward side on top of a rig, with a policy that denies the domains in `denied`. */
export interface OutwardRig extends Rig {
  readonly outward: Outward;
  readonly transport: RpcTransport;
  readonly denied: Set<BackendDomain>;
}

export function openOutwardRig(
  options: Partial<SessionOptions> = {},
  limits: Partial<OutwardLimits> = {},
): OutwardRig {
  const rig = openRig(options);
  const denied = new Set<BackendDomain>();
  const policy = {
    admit(domain: BackendDomain) {
      if (!denied.has(domain)) return;
      throw refuse('federation-denied', {
        message: `origin domain [${domain}] not in the federation allow list`,
      });
    },
  };
  const outward = createOutward({ ownDomain: own, policy, sessions: rig.pool, limits });
  return { ...rig, outward, denied, transport: createInProcessTransport(outward) };
}

/** A call by function, with the headers that a component sends. */
export function send(
  rig: { readonly transport: RpcTransport },
  rpc: string,
  body = '[]',
): Promise<RpcResponse> {
  return rig.transport.send({
    domain: remote,
    component: 'brig',
    rpc,
    headers: { 'wire-origin-domain': own, accept: 'application/json' },
    body: Buffer.from(body),
  });
}

/** A call that ends in an error: its status and error body. */
export async function sendWhole(rig: { readonly transport: RpcTransport }, rpc: string, body = '[]') {
  const response = await send(rig, rpc, body);
  const text = await textOf(response);
  return { status: response.status, body: JSON.parse(text) as ErrorBody };
}

export async function textOf(response: RpcResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
