import { Readable } from 'node:stream';
import type { AssetKey } from '#contract/ids.ts';
import { abortFailed } from '../telemetry.ts';
import type { AssetStore, ByteRange, ReceivedFile } from './asset-store.ts';
import { type S3Bucket, S3Failure } from './s3-bucket.ts';
import { textsIn } from './s3-xml.ts';
import { storeRefusal } from './store-refusal.ts';

export interface S3StoreOptions {
  readonly bucket: S3Bucket;
  /** Bytes of one part of an upload, which are in memory until the service has them: S3 wants 5 MiB at the least. */
  readonly partBytes?: number;
}

const defaultPartBytes = 5 * 1024 * 1024;
/** Names of objects: a bucket may hold other things. */
const prefix = 'assets/';
const octets = 'application/octet-stream';

/**
 * Assets as objects of an S3 bucket. A file comes in as a multipart upload, a part at a time; publishing it completes
 * the upload, so that an object is there whole or not at all. Several processes may share the bucket.
 * @throws Error that names the bucket and what its service answered, when it cannot be used
 */
export async function openS3Store({
  bucket,
  partBytes = defaultPartBytes,
}: S3StoreOptions): Promise<AssetStore> {
  await bucket.check();
  return new S3Store(bucket, partBytes);
}

class S3Store implements AssetStore {
  readonly isExclusive = false;
  readonly #bucket: S3Bucket;
  readonly #partBytes: number;

  constructor(bucket: S3Bucket, partBytes: number) {
    this.#bucket = bucket;
    this.#partBytes = partBytes;
  }

  async receive(key: AssetKey, bytes: AsyncIterable<Uint8Array>): Promise<ReceivedFile> {
    const name = prefix + key;
    const upload = await storing(async () => {
      const begun = await this.#bucket.request('POST', name, { query: { uploads: '' }, type: octets });
      return idOf(begun.text);
    });
    await using stack = new AsyncDisposableStack();
    const file = stack.use(new MultipartUpload(this.#bucket, name, upload));
    for await (const part of partsOf(bytes, this.#partBytes)) await storing(() => file.add(part));
    stack.move();
    return file;
  }

  async open(
    key: AssetKey,
    size: number,
    { range, signal }: Parameters<AssetStore['open']>[2],
  ): Promise<Readable | undefined> {
    const headers: Record<string, string> =
      range === undefined ? {} : { range: `bytes=${range.start}-${range.end}` };
    const answer = await storing(() => this.#bucket.find(prefix + key, { headers, signal }));
    if (answer === undefined) return undefined;
    const found = sizeOf(answer.headers, range);
    if (found !== size) {
      await answer.body?.cancel();
      throw new Error(`the object of asset ${key} has ${found} bytes, expected ${size}`);
    }
    return Readable.fromWeb((answer.body ?? new ReadableStream()) as never, { signal });
  }

  async remove(key: AssetKey): Promise<void> {
    await storing(() => this.#bucket.request('DELETE', prefix + key, {}));
  }

  async abandon(before: number): Promise<void> {
    // The service lists so many at once; what it leaves out is the next look's.
    const { text } = await this.#bucket.request('GET', '', { query: { uploads: '', prefix } });
    const [names, uploads, begun] = ['Key', 'UploadId', 'Initiated'].map((tag) => textsIn(text, tag));
    for (const [index, upload] of (uploads ?? []).entries())
      if (Date.parse(begun?.[index] ?? '') < before)
        await new MultipartUpload(this.#bucket, names?.[index] ?? '', upload).abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A file that comes in. Its parts are kept by the service, where nobody can read them. */
class MultipartUpload implements ReceivedFile {
  readonly #bucket: S3Bucket;
  readonly #name: string;
  readonly #upload: string;
  readonly #tags: string[] = [];
  #published = false;

  constructor(bucket: S3Bucket, name: string, upload: string) {
    this.#bucket = bucket;
    this.#name = name;
    this.#upload = upload;
  }

  async add(part: Uint8Array): Promise<void> {
    const query = { partNumber: String(this.#tags.length + 1), uploadId: this.#upload };
    const { headers } = await this.#bucket.request('PUT', this.#name, { query, body: part });
    this.#tags.push(headers.get('etag') ?? '');
  }

  async publish(): Promise<void> {
    const parts = this.#tags.map(
      (tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${tag}</ETag></Part>`,
    );
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
    await storing(async () => {
      const answer = await this.#bucket.request('POST', this.#name, {
        query: { uploadId: this.#upload },
        body: Buffer.from(body),
        type: 'application/xml',
      });
      // S3 may say 200 before it knows, and then name an error.
      const [code] = textsIn(answer.text, 'Code');
      if (code !== undefined) throw new S3Failure(`completing ${this.#name}`, answer.status, code);
    });
    this.#published = true;
  }

  /** @throws S3Failure */
  async abort(): Promise<void> {
    await this.#bucket.request('DELETE', this.#name, { query: { uploadId: this.#upload }, mayMiss: true });
  }

  /** An upload that cannot be aborted now is abandoned later: that must not hide why it is disposed of. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#published) await this.abort().catch(abortFailed);
  }
}

/** Chunks of exactly so many bytes; the last may be shorter. */
async function* partsOf(
  bytes: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Uint8Array, void> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    let rest = chunk;
    while (length + rest.length >= partBytes) {
      const taken = partBytes - length;
      yield Buffer.concat([...waiting, rest.subarray(0, taken)]);
      rest = rest.subarray(taken);
      waiting = [];
      length = 0;
    }
    // The chunk's memory is the reader's, which may use it again.
    if (rest.length > 0) waiting.push(Buffer.from(rest));
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(waiting);
}

function idOf(answer: string): string {
  const [id] = textsIn(answer, 'UploadId');
  if (id === undefined) throw new S3Failure('beginning an upload', 200, 'an answer without UploadId');
  return id;
}

function sizeOf(headers: Headers, range: ByteRange | undefined): number {
  if (range === undefined) return Number(headers.get('content-length'));
  return Number(headers.get('content-range')?.split('/')[1]);
}

/** What the service does not do is told to clients as what it is to them. */
async function storing<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof S3Failure ? storeRefusal(error, error.isFull) : error;
  }
}
