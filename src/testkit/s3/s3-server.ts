import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Credentials, signatureFault } from './signature.ts';

export interface S3ServerOptions extends Credentials {
  readonly bucket: string;
}

/**
 * A strict S3 on loopback, in memory, for one bucket in path style: it refuses every request whose signature is not
 * right, parts that are too small, and uploads that are completed with other parts than were sent.
 */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  /** The bytes of each object, by name. */
  readonly objects: ReadonlyMap<string, Buffer>;
  /** How many uploads are begun and neither completed nor aborted. */
  readonly openUploads: number;
  /** Every request, as `METHOD name`. */
  readonly requests: readonly string[];
  /** Answers the next requests with this status and code in place of doing anything. */
  failNext(count: number, status: number, code: string): void;
  /** Cuts the next answer off in the middle of its body. */
  cutNext(): void;
}

interface Upload {
  readonly name: string;
  readonly begun: Date;
  readonly parts: Map<number, { readonly tag: string; readonly bytes: Buffer }>;
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  readonly isCut?: boolean;
}

const smallestPart = 5 * 1024 * 1024;

export async function openS3Server(options: S3ServerOptions): Promise<S3Server> {
  const state = new State(options);
  const server = createServer((request, response) => {
    readBody(request).then(
      (body) => send(response, request.method === 'HEAD', state.handle(request, body)),
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    objects: state.objects,
    requests: state.requests,
    get openUploads() {
      return state.uploads.size;
    },
    failNext: (count, status, code) =>
      state.failures.push(...Array.from({ length: count }, () => fault(status, code))),
    cutNext: () => state.failures.push({ ...xml('<Answer>'), isCut: true }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

class State {
  readonly objects = new Map<string, Buffer>();
  readonly uploads = new Map<string, Upload>();
  readonly requests: string[] = [];
  readonly failures: Reply[] = [];
  readonly #options: S3ServerOptions;

  constructor(options: S3ServerOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, body: Buffer): Reply {
    const url = new URL(request.url ?? '/', 'http://host');
    const [, bucket = '', ...rest] = url.pathname.split('/');
    const name = rest.join('/');
    this.requests.push(`${request.method} ${name}`);
    const wrong = signatureFault(request, body, this.#options);
    if (wrong !== undefined) return fault(403, wrong);
    const failure = this.failures.shift();
    if (failure !== undefined) return failure;
    if (bucket !== this.#options.bucket) return fault(404, 'NoSuchBucket');
    const query = url.searchParams;
    const upload = query.get('uploadId');
    if (upload !== null) return this.#uploading(request.method, name, upload, query.get('partNumber'), body);
    if (query.has('uploads'))
      return request.method === 'POST' ? this.#begin(name) : this.#list(query.get('prefix'));
    if (name === '') return { status: 200 };
    if (request.method === 'DELETE') {
      this.objects.delete(name);
      return { status: 204 };
    }
    return this.#get(name, request.headers.range);
  }

  #begin(name: string): Reply {
    const id = randomUUID();
    this.uploads.set(id, { name, begun: new Date(), parts: new Map() });
    return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
  }

  #list(prefix: string | null): Reply {
    const found = [...this.uploads].filter(([, { name }]) => name.startsWith(prefix ?? ''));
    const entries = found.map(
      ([id, { name, begun }]) =>
        `<Upload><Key>${name}</Key><UploadId>${id}</UploadId><Initiated>${begun.toISOString()}</Initiated></Upload>`,
    );
    return xml(`<ListMultipartUploadsResult>${entries.join('')}</ListMultipartUploadsResult>`);
  }

  #uploading(method: string | undefined, name: string, id: string, part: string | null, body: Buffer): Reply {
    const upload = this.uploads.get(id);
    if (upload === undefined || upload.name !== name) return fault(404, 'NoSuchUpload');
    if (method === 'PUT') {
      const tag = `"${createHash('md5').update(body).digest('hex')}"`;
      upload.parts.set(Number(part), { tag, bytes: body });
      return { status: 200, headers: { etag: tag } };
    }
    this.uploads.delete(id);
    return method === 'DELETE' ? { status: 204 } : this.#complete(upload, body.toString());
  }

  #complete({ name, parts }: Upload, wanted: string): Reply {
    const list = [...wanted.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]+)<\/ETag>/g)];
    const chosen = list.map(([, number, tag]) => {
      const part = parts.get(Number(number));
      return part?.tag === tag ? part?.bytes : undefined;
    });
    if (chosen.length === 0 || chosen.includes(undefined)) return fault(400, 'InvalidPart');
    const whole = chosen.filter((bytes) => bytes !== undefined);
    if (whole.slice(0, -1).some(({ length }) => length < smallestPart)) return fault(400, 'EntityTooSmall');
    this.objects.set(name, Buffer.concat(whole));
    return xml('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
  }

  #get(name: string, range: string | undefined): Reply {
    const bytes = this.objects.get(name);
    if (bytes === undefined) return fault(404, 'NoSuchKey');
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    if (start === undefined || end === undefined)
      return { status: 200, headers: { 'content-length': String(bytes.length) }, body: bytes };
    return {
      status: 206,
      headers: { 'content-range': `bytes ${start}-${end}/${bytes.length}` },
      body: bytes.subarray(Number(start), Number(end) + 1),
    };
  }
}

function xml(text: string): Reply {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: text };
}

function fault(status: number, code: string): Reply {
  return { ...xml(`<Error><Code>${code}</Code></Error>`), status };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function send(
  response: ServerResponse,
  isHead: boolean,
  { status, headers, body = '', isCut = false }: Reply,
): void {
  if (isCut) {
    response.writeHead(status, { ...headers, 'content-length': body.length + 1 });
    response.write(body, () => response.destroy());
    return;
  }
  response.writeHead(status, headers);
  response.end(isHead ? undefined : body);
}
