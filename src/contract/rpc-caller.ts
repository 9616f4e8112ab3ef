import { apiVersion } from './federation/brig.ts';
import { type Bundle, type BundledResult, deliverNotifications } from './federation/outbox.ts';
import type {
  AnsweredRpc,
  CallOptions,
  DeliveryOptions,
  FederationCaller,
  FederationDeliverer,
  FederationStreamer,
  QueuedRpc,
  StreamedRpc,
} from './federation-caller.ts';
import type { BackendDomain } from './ids.ts';
import { parseJson } from './json.ts';
import { type FederationData, Refusal, refuse } from './refusal.ts';
import { failureOf } from './remote-failure.ts';
import { federationVersions, type InputOf, newestFederationVersion, type OutputOf, type Rpc } from './rpc.ts';
import { federationHeaders, type RpcResponse, type RpcTransport } from './rpc-transport.ts';

export interface CallerOptions {
  readonly ownDomain: BackendDomain;
  readonly transport: RpcTransport;
  /** Largest answer that is read, in bytes. */
  readonly maxAnswerBytes: number;
  /** How long the versions of a remote are believed, in milliseconds, while its sessions live. */
  readonly versionMaxAgeMs: number;
  /** Milliseconds on any steady clock. */
  readonly now?: () => number;
}

interface Negotiated {
  readonly version: number;
  /** The remote's sessions under which it was learnt; absent when the transport has no such number. */
  readonly session: number | undefined;
  readonly bundles: boolean;
  readonly until: number;
}

const jsonType = 'application/json';
const bytesType = 'application/octet-stream';

/** A call is repeated when the remote's sessions were lost under it; more often than this is not bad luck. */
const maxSessionLosses = 3;

/** The federation client of this backend's parts (reference federation-api 3.2 and 4.4). */
export function createFederationCaller(
  options: CallerOptions,
): FederationCaller & FederationDeliverer & FederationStreamer {
  return new Caller(options);
}

/** What parts get when federation is off: every call is refused with `federation-not-enabled`. */
export const federationDisabled: FederationCaller = {
  call: () => Promise.reject(refuse('federation-not-enabled')),
};

class Caller implements FederationCaller, FederationDeliverer, FederationStreamer {
  readonly #options: CallerOptions;
  readonly #now: () => number;
  readonly #negotiated = new Map<BackendDomain, Negotiated>();
  readonly #negotiating = new Map<BackendDomain, Promise<Negotiated>>();

  constructor(options: CallerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  async call<R extends AnsweredRpc>(
    domain: BackendDomain,
    rpc: R,
    input: InputOf<R>,
    options: CallOptions = {},
  ): Promise<OutputOf<R>> {
    return (await this.#ask(domain, rpc, (version) => inForm(rpc, version, input), options)) as OutputOf<R>;
  }

  async deliver<R extends QueuedRpc>(
    domain: BackendDomain,
    rpc: R,
    input: InputOf<R>,
    options: DeliveryOptions,
  ): Promise<void> {
    await this.#ask(domain, rpc, (version) => inForm(rpc, version, input), options);
  }

  async deliverBundle(
    domain: BackendDomain,
    write: (version: number) => Bundle,
    options: CallOptions = {},
  ): Promise<readonly BundledResult[] | undefined> {
    if (!(await this.takesBundles(domain, options))) return undefined;
    const answer = await this.#ask(domain, deliverNotifications, write, options);
    return (answer as OutputOf<typeof deliverNotifications>).results;
  }

  async takesBundles(domain: BackendDomain, options: CallOptions = {}): Promise<boolean> {
    return (await this.#versionOf(domain, options)).bundles;
  }

  /** Nothing is negotiated: streamed RPCs carry no version (reference federation-api 4.2). */
  async stream<R extends StreamedRpc>(
    domain: BackendDomain,
    rpc: R,
    input: InputOf<R>,
    options: CallOptions = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    const body = Buffer.from(JSON.stringify(input));
    const response = await this.#send(domain, rpc, body, { accept: bytesType }, undefined, options);
    const data = dataOf(domain, rpc);
    if (response.status !== 200) {
      const answer = await readAll(response.body, this.#options.maxAnswerBytes, data);
      throw failureOf(response.status, answer, data);
    }
    assertContentType(response.headers['content-type'], bytesType, data);
    return response.body;
  }

  async #ask(
    domain: BackendDomain,
    rpc: Rpc,
    write: (version: number) => unknown,
    options: CallOptions & Partial<DeliveryOptions>,
  ): Promise<unknown> {
    const first = await this.#versionOf(domain, options);
    try {
      return await this.#callAt(first, domain, rpc, write, options);
    } catch (error) {
      if (!isUnknownRpc(error)) throw error;
      // The remote may have been replaced by one of other versions; only a new answer is worth a second try.
      this.#negotiated.delete(domain);
      const second = await this.#versionOf(domain, options);
      if (second.version === first.version) throw error;
      return await this.#callAt(second, domain, rpc, write, options);
    }
  }

  async #callAt(
    first: Negotiated,
    domain: BackendDomain,
    rpc: Rpc,
    write: (version: number) => unknown,
    options: CallOptions & Partial<DeliveryOptions>,
  ): Promise<unknown> {
    let negotiated = first;
    for (let losses = 0; losses <= maxSessionLosses; losses += 1) {
      const body = Buffer.from(JSON.stringify(write(negotiated.version)));
      const headers = headersOf(negotiated.version, options.deliveryId);
      const response = await this.#send(domain, rpc, body, headers, negotiated.session, options);
      if (response.session !== 'lost') return await this.#readAnswer(response, domain, rpc);
      this.#negotiated.delete(domain);
      negotiated = await this.#versionOf(domain, options);
    }
    throw refuse('federation-connection-refused', {
      message: `the connections to ${domain} were lost ${maxSessionLosses} times in a row`,
      data: dataOf(domain, rpc),
    });
  }

  /** From memory while its sessions and its age allow, else asked; concurrent callers share one question. */
  async #versionOf(domain: BackendDomain, options: CallOptions): Promise<Negotiated> {
    const known = this.#negotiated.get(domain);
    if (known !== undefined && known.session !== undefined && this.#now() < known.until) return known;
    const running = this.#negotiating.get(domain);
    if (running !== undefined) return running;
    const asked = this.#negotiate(domain, options).finally(() => this.#negotiating.delete(domain));
    this.#negotiating.set(domain, asked);
    return asked;
  }

  async #negotiate(domain: BackendDomain, { requestId }: CallOptions): Promise<Negotiated> {
    const response = await this.#send(domain, apiVersion, Buffer.from('[]'), {}, undefined, { requestId });
    const { supported_versions: theirs = [0], crosswire } = await this.#readVersions(response, domain);
    const version = commonVersion(theirs);
    if (version === undefined) throw noCommonVersion(domain, theirs);
    const session = typeof response.session === 'number' ? response.session : undefined;
    const until = this.#now() + this.#options.versionMaxAgeMs;
    const negotiated = { version, session, bundles: crosswire?.bundles === true, until };
    this.#negotiated.set(domain, negotiated);
    return negotiated;
  }

  async #readVersions(response: RpcResponse, domain: BackendDomain): Promise<OutputOf<typeof apiVersion>> {
    try {
      return (await this.#readAnswer(response, domain, apiVersion)) as OutputOf<typeof apiVersion>;
    } catch (error) {
      if (error instanceof Refusal && error.key === 'federation-invalid-body') {
        throw refuse('federation-version-error', {
          message: `Remote federator returned invalid version information: ${error.message}`,
          data: dataOf(domain, apiVersion),
          cause: error,
        });
      }
      throw error;
    }
  }

  async #send(
    domain: BackendDomain,
    rpc: Rpc,
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    session: number | undefined,
    { requestId, signal }: CallOptions,
  ): Promise<RpcResponse> {
    try {
      return await this.#options.transport.send({
        domain,
        component: rpc.component,
        rpc: rpc.name,
        headers: {
          [federationHeaders.originDomain]: this.#options.ownDomain,
          accept: jsonType,
          ...(requestId === undefined ? {} : { [federationHeaders.requestId]: requestId }),
          ...headers,
        },
        body,
        session,
        signal,
      });
    } catch (cause) {
      if (cause instanceof Refusal) throw cause;
      throw refuse('federation-not-available', {
        message: `the federator of this backend cannot be asked: ${(cause as Error).message}`,
        cause,
      });
    }
  }

  async #readAnswer(response: RpcResponse, domain: BackendDomain, rpc: Rpc): Promise<unknown> {
    const data = dataOf(domain, rpc);
    const body = await readAll(response.body, this.#options.maxAnswerBytes, data);
    if (response.status !== 200) throw failureOf(response.status, body, data);
    assertContentType(response.headers['content-type'], jsonType, data);
    try {
      return rpc.parseOutput.parse(parseJson(body, 'answer', 'federation-invalid-body'), 'answer');
    } catch (cause) {
      if (!(cause instanceof Refusal)) throw cause;
      const message = `Could not parse remote federator response: ${cause.message}`;
      throw refuse('federation-invalid-body', { message, data, cause });
    }
  }
}

/** The path has no component segment (reference 3.2). */
function dataOf(domain: BackendDomain, rpc: Rpc): FederationData {
  return { type: 'federation', domain, path: `/federation/${rpc.name}` };
}

function headersOf(version: number, deliveryId: string | undefined): Readonly<Record<string, string>> {
  const spoken = { [federationHeaders.version]: String(version) };
  return deliveryId === undefined ? spoken : { ...spoken, [federationHeaders.deliveryId]: deliveryId };
}

/** The form of an input that a remote of this version understands. */
function inForm(rpc: Rpc, version: number, input: unknown): unknown {
  if (version < rpc.since)
    throw refuse('internal-error', { message: `${rpc.name} needs version ${rpc.since}` });
  const { older } = rpc;
  return older !== undefined && version < older.until ? older.write(input) : input;
}

function commonVersion(theirs: readonly number[]): number | undefined {
  return federationVersions.findLast((version) => theirs.includes(version));
}

function noCommonVersion(domain: BackendDomain, theirs: readonly number[]): Refusal {
  const which = newestFederationVersion > Math.max(-1, ...theirs) ? 'old' : 'new';
  return refuse('federation-version-error', {
    message: `Version negotiation failed: the remote backend is too ${which}: it speaks ${JSON.stringify(theirs)}, this backend ${JSON.stringify(federationVersions)}`,
    data: dataOf(domain, apiVersion),
  });
}

function isUnknownRpc(error: unknown): boolean {
  if (!(error instanceof Refusal) || error.key !== 'federation-remote-error') return false;
  const inner = error.details.inner as { readonly code?: unknown } | undefined;
  return inner?.code === 404;
}

function assertContentType(contentType: string | undefined, expected: string, data: FederationData): void {
  const [media = ''] = (contentType ?? '').split(';', 1);
  const name = media.trim().toLowerCase();
  if (name === expected) return;
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(name)) {
    throw refuse('federation-invalid-content-type', {
      message: `Content-type: ${contentType ?? '(absent)'}`,
      data,
    });
  }
  throw refuse('federation-unsupported-content-type', {
    message: `Content-type: ${contentType}, Media-Type: ${expected}`,
    data,
  });
}

async function readAll(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
  data: FederationData,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(maxBytes, data);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw refuse('federation-http2-error', {
      message: `the answer of ${data.domain} broke off after ${size} bytes: ${(cause as Error).message}`,
      data,
      cause,
    });
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

function tooLarge(maxBytes: number, data: FederationData): Refusal {
  return refuse('federation-invalid-body', {
    message: `the answer of ${data.domain} is larger than ${maxBytes} bytes`,
    data,
  });
}
