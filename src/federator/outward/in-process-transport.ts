import { Refusal, refuse } from '#contract/refusal.ts';
import type { RpcRequest, RpcResponse, RpcTransport } from '#contract/rpc-transport.ts';
import { countRefusal, federatorLog, observeAnswer } from '../telemetry.ts';
import { iterateAnswer } from './answer-body.ts';
import type { Outward } from './outward.ts';
import { rpcRoute } from './rpc-path.ts';

/** The outward side for components in the same process: the calls that the listener takes, by function. */
export function createInProcessTransport(outward: Outward): RpcTransport {
  return { send: (request) => send(outward, request) };
}

async function send(outward: Outward, request: RpcRequest): Promise<RpcResponse> {
  const startedAt = performance.now();
  let status = 500;
  try {
    const answer = await outward.forward({
      domain: request.domain,
      component: request.component,
      rpc: request.rpc,
      headers: request.headers,
      body: request.body,
      session: request.session,
      onAbandoned: (cancel) => cancelOn(request.signal, cancel),
    });
    if (answer === 'lost') {
      status = 412;
      return { status, headers: {}, body: bytes(new Uint8Array()), session: 'lost' };
    }
    status = answer.status;
    return {
      status,
      headers: answer.headers as Readonly<Record<string, string>>,
      body: iterateAnswer(answer),
      session: answer.session,
    };
  } catch (thrown) {
    const refusal = asRefusal(thrown);
    status = refusal.status;
    countRefusal('outward', refusal.label);
    const body = bytes(Buffer.from(JSON.stringify(refusal.body())));
    return { status, headers: { 'content-type': 'application/json' }, body };
  } finally {
    observeAnswer('outward', rpcRoute, status, (performance.now() - startedAt) / 1000);
  }
}

function asRefusal(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown;
  federatorLog.error({ err: thrown }, 'outward call failed');
  return refuse('server-error', { cause: thrown });
}

function cancelOn(signal: AbortSignal | undefined, cancel: () => void): void {
  if (signal === undefined) return;
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
}

async function* bytes(whole: Uint8Array): AsyncGenerator<Uint8Array, void> {
  if (whole.length > 0) yield whole;
}
