import { asOriginDomain } from './ids.ts';
import { parseJson } from './json.ts';
import { type ErrorBody, Refusal, refuse } from './refusal.ts';
import { newestFederationVersion, type ReceivedCall, type RpcContext, type ServedRpc } from './rpc.ts';
import type { ComponentRequest, ComponentResponse, ComponentTransport } from './rpc-transport.ts';

export interface DispatchOptions {
  /** Told of every throw that is not a refusal: a bug, answered as 500 without detail. */
  onBug(error: unknown, request: ComponentRequest): void;
}

const jsonType = 'application/json';
const bytesType = 'application/octet-stream';

/** The component side of the seam, as a bundle of notifications is handed to it. */
export interface Dispatcher extends ComponentTransport {
  /**
   * Handles requests of one RPC, of one sender, in order and in one unit of work.
   * @returns false when nothing of them was done: they have to be sent one by one, to learn which fails and why
   */
  sendTogether(requests: readonly ComponentRequest[]): Promise<boolean>;
}

/**
 * The component side of the seam: finds the RPC, parses its input, runs the handler and writes its answer. The
 * request's origin domain was admitted by the federator; nothing in the body replaces it.
 */
export function createDispatcher(served: readonly ServedRpc[], { onBug }: DispatchOptions): Dispatcher {
  const table = new Map(served.map((entry) => [`${entry.rpc.component}/${entry.rpc.name}`, entry]));
  return {
    async send(request) {
      try {
        const entry = table.get(`${request.component}/${request.rpc}`);
        return await answer(entry, request);
      } catch (error) {
        if (error instanceof Refusal) return json(error.status, error.body());
        onBug(error, request);
        return json(500, refuse('server-error').body());
      }
    },
    async sendTogether(requests) {
      const [first] = requests;
      const entry = first && table.get(`${first.component}/${first.rpc}`);
      if (entry?.together === undefined) return false;
      try {
        await entry.together(requests.map((request) => read(entry, request)));
        return true;
      } catch (error) {
        if (!(error instanceof Refusal)) onBug(error, first as ComponentRequest);
        return false;
      }
    },
  };
}

async function answer(entry: ServedRpc | undefined, request: ComponentRequest): Promise<ComponentResponse> {
  if (entry === undefined) throw refuse('no-endpoint');
  const { context, input } = read(entry, request);
  const value = await entry.handler(context, input);
  return entry.rpc.delivery === 'streamed' ? streamed(value as AsyncIterable<Uint8Array>) : json(200, value);
}

/** What a handler is given. */
function read(entry: ServedRpc, request: ComponentRequest): ReceivedCall<never> {
  const version = spokenVersion(request.version);
  if (version < entry.rpc.since) throw refuse('no-endpoint');
  const input = readInput(entry, version, request.body);
  const context: RpcContext = {
    origin: asOriginDomain(request.originDomain),
    requestId: request.requestId,
    version,
    deliveryId: spokenDeliveryId(request.deliveryId),
    signal: request.signal,
  };
  return { context, input: input as never };
}

/** Missing or not an integer is version 0 (reference 4.2); a newer one than ours is read in our newest form. */
function spokenVersion(header: string | undefined): number {
  return header !== undefined && /^\d{1,6}$/.test(header)
    ? Math.min(Number(header), newestFederationVersion)
    : 0;
}

/** An id of another form is none: it only lets the sender's repeats be recognised. */
function spokenDeliveryId(header: string | undefined): string | undefined {
  return header !== undefined && /^[\w-]{1,64}$/.test(header) ? header : undefined;
}

function readInput({ rpc }: ServedRpc, version: number, body: Uint8Array): unknown {
  const value = parseJson(body, 'body');
  if (rpc.older === undefined || version >= rpc.older.until) return rpc.parseInput.parse(value, 'body');
  return rpc.older.read(rpc.older.parse.parse(value, 'body'));
}

/** What fails after its head is out breaks the answer off. */
function streamed(body: AsyncIterable<Uint8Array>): ComponentResponse {
  return { status: 200, contentType: bytesType, body };
}

function json(status: number, value: unknown | ErrorBody): ComponentResponse {
  return { status, contentType: jsonType, body: Buffer.from(JSON.stringify(value)) };
}
