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

  /** Asks for an object, or with an empty name for the bucket. @throws S3Failure */
  async request(method: Method, name: string, request: S3Request): Promise<Response> {
    const answer = await this.#send(method, name, request);
    if (answer.ok || (answer.status === 404 && request.mayMiss === true)) return answer;
    throw await failureOf(`${method} ${name === '' ? 'bucket' : name}`, answer);
  }

  /** An object with its bytes still to come; undefined when it is not there. @throws S3Failure */
  async find(name: string, request: S3Request): Promise<Response | undefined> {
    const answer = await this.#send('GET', name, request);
    if (answer.ok) return answer;
    if (answer.status !== 404) throw await failureOf(`GET ${name}`, answer);
    await answer.body?.cancel();
    return undefined;
  }

  async #send(method: Method, name: string, request: S3Request): Promise<Response> {
    const { query = {}, body, type, headers, signal } = request;
    const url = new URL(name, this.#base);
    url.search = new URLSearchParams(query).toString();
    try {
      return await this.#client.fetch(url, {
        method,
        body: body as Uint8Array<ArrayBuffer> | undefined,
        headers: { ...headers, ...(type === undefined ? {} : { 'content-type': type }) },
        signal,
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new S3Failure(`${method} ${name}`, 0, reasonOf(error), error);
    }
  }
}

function baseOf({ endpoint, bucket, pathStyle }: S3Access): string {
  const base = new URL(endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
  if (pathStyle) return new URL(`${bucket}/`, base).href;
  base.hostname = `${bucket}.${base.hostname}`;
  return base.href;
}

async function failureOf(doing: string, answer: Response): Promise<S3Failure> {
  const [code = answer.statusText] = textsIn(await answer.text(), 'Code');
  return new S3Failure(doing, answer.status, code);
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
