import type { ClientHttp2Stream } from 'node:http2';
import { type FederationData, type Refusal, refuse } from '#contract/refusal.ts';

/** What is read of an error body; a longer one is told as its first part. */
const maxErrorBytes = 64 * 1024;

/**
 * Turns an answer outside 2xx into the refusal that wraps it (reference federation-api 1.2.6): its body as `inner` when
 * it is an error object, else as text. Redirects end here too: they are never followed.
 */
export async function wrapRemoteError(
  stream: ClientHttp2Stream,
  status: number,
  data: FederationData,
): Promise<Refusal> {
  const body = await readSome(stream);
  return refuse('federation-remote-error', {
    message: `A remote federator failed with status code: ${status}`,
    data,
    inner: errorObject(body) ?? { code: status, label: 'unknown-error', message: body },
  });
}

function readSome(stream: ClientHttp2Stream): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = () => resolve(Buffer.concat(chunks).toString('utf8'));
    stream.on('data', (chunk: Buffer) => {
      const kept = chunk.subarray(0, maxErrorBytes - size);
      chunks.push(kept);
      size += kept.length;
      if (size < maxErrorBytes) return;
      finish();
      stream.close();
    });
    stream.on('end', finish);
    // A body that breaks off still tells something.
    stream.on('close', finish);
    stream.resume();
  });
}

interface ErrorObject {
  readonly code: number;
  readonly label: string;
  readonly message: string;
}

function errorObject(body: string): ErrorObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isErrorObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isErrorObject(value: unknown): value is ErrorObject {
  if (typeof value !== 'object' || value === null) return false;
  const { code, label, message } = value as Partial<Record<keyof ErrorObject, unknown>>;
  return typeof code === 'number' && typeof label === 'string' && typeof message === 'string';
}
