import { AwsClient } from 'aws4fetch';
import { textsIn } from './s3-xml.ts';

/** Where a bucket is and who may use it. */
export interface S3Access {
  /** URL of the service, without the bucket. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** True: the bucket is the first segment of the path; false: the first label of the host. */
  readonly pathStyle: boolean;
}

/** Something that the service refused, or that went wrong on the way to it. */
export class S3Failure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(doing: string, status: number, code: string, cause?: unknown) {
    super(`S3: ${doing}: ${status === 0 ? '' : `${status} `}${code}`, { cause });
    this.status = status;
    this.code = code;
  }

  /** No room is left in the bucket. */
  get isFull(): boolean {
    return this.status === 507 || /^(QuotaExceeded|XMinioStorageFull|StorageFull)$/.test(this.code);
  }
}

export interface S3Request {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** What is asked for need not exist. */
  readonly mayMiss?: boolean;
}

/** An answer that was read to its end. */
export interface S3Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** Requests that failed in the service, or that it had no time for, are made so often again. */
const retries = 3;

/** A bucket, asked with signed requests (AWS Signature Version 4). */
export class S3Bucket {
  readonly #client: AwsClient;
  readonly #base: string;
  readonly #access: S3Access;

  constructor(access: S3Access) {
    const { accessKey, secretKey, region } = access;
    this.#access = access;
    this.#client = new AwsClient({
      accessKeyId: accessKey,
      secretAccessKey: secretKey,
      service: 's3',
      region,
      retries,
    });
    this.#base = baseOf(access);
  }

  /** @throws Error in words for an operator when the bucket is not there or not ours to use */
  async check(): Promise<void> {
    const { bucket, endpoint } = this.#access;
    try {
      await this.request('HEAD', '', {});
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`assets.s3: the bucket ${bucket} at ${endpoint} cannot be used: ${message}`, {
        cause: error,
      });
    }
  }

  /** Asks something of an object, or with an empty name of the bucket. @throws S3Failure */
  async request(method: Method, name: string, request: S3Request): Promise<S3Answer> {
    const doing = doingOf(method, name);
    const answer = await this.#send(doing, method, name, request);
    const text = await reaching(doing, request.signal, () => answer.text());
    const { status, headers } = answer;
    if (!answer.ok && !(status === 404 && request.mayMiss === true)) throw failureOf(doing, answer, text);
    return { status, headers, text };
  }

  /** An object with its bytes still to come; undefined when it is not there. @throws S3Failure */
  async find(name: string, request: S3Request): Promise<Response | undefined> {
    const doing = doingOf('GET', name);
    const answer = await this.#send(doing, 'GET', name, request);
    if (answer.ok) return answer;
    const text = await reaching(doing, request.signal, () => answer.text());
    if (answer.status === 404) return undefined;
    throw failureOf(doing, answer, text);
  }

  #send(doing: string, method: Method, name: string, request: S3Request): Promise<Response> {
    const { query = {}, body, type, headers, signal } = request;
    const url = new URL(name, this.#base);
    url.search = new URLSearchParams(query).toString();
    return reaching(doing, signal, () =>
      this.#client.fetch(url, {
        method,
        body: body as Uint8Array<ArrayBuffer> | undefined,
        headers: { ...headers, ...(type === undefined ? {} : { 'content-type': type }) },
        signal,
      }),
    );
  }
}

function baseOf({ endpoint, bucket, pathStyle }: S3Access): string {
  const base = new URL(endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
  if (pathStyle) return new URL(`${bucket}/`, base).href;
  base.hostname = `${bucket}.${base.hostname}`;
  return base.href;
}

function doingOf(method: Method, name: string): string {
  return `${method} ${name === '' ? 'bucket' : name}`;
}

/** What goes wrong on the way to the service, while asking or while reading its answer, as a failure of it. */
async function reaching<T>(
  doing: string,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    signal?.throwIfAborted();
    throw new S3Failure(doing, 0, reasonOf(error), error);
  }
}

function failureOf(doing: string, { status, statusText }: Response, text: string): S3Failure {
  const [code = statusText] = textsIn(text, 'Code');
  return new S3Failure(doing, status, code);
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
