import { pipeline } from 'node:stream/promises';
import { refuse } from '#contract/refusal.ts';
import type { ComponentResponse, ComponentTransport } from '#contract/rpc-transport.ts';
import type { AnswerHeaders, HttpRequest } from '../listener/index.ts';
import type { Admission } from './admit.ts';

/** An error body of a component is read up to this size to be encoded again. */
const maxErrorBytes = 256 * 1024;

/**
 * Hands an admitted request to its component (reference federation-api 1.3.3).
 * @throws Refusal `server-error` when the component cannot be reached or does not answer in time.
 */
export function callComponent(
  components: ComponentTransport,
  admission: Admission,
  body: Uint8Array,
  request: HttpRequest,
  timeoutMs: number,
): Promise<ComponentResponse> {
  const aborter = new AbortController();
  request.onAbandoned(() => aborter.abort());
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      aborter.abort();
      reject(unreachable(`The component ${admission.component} did not answer within ${timeoutMs} ms`));
    }, timeoutMs);
    components
      .send({ ...admission, body, signal: aborter.signal })
      .then(resolve, (cause: unknown) => {
        reject(unreachable(`The component ${admission.component} cannot be reached`, cause));
      })
      .finally(() => clearTimeout(timer));
  });
}

function unreachable(what: string, cause?: unknown) {
  return refuse('server-error', { message: `Server Error. ${what}`, cause });
}

/** Answers with what the component answered: status, content type and body (reference federation-api 1.3.4). */
export async function relayAnswer(request: HttpRequest, answer: ComponentResponse): Promise<void> {
  if (answer.status >= 500) {
    const text = await readError(answer.body);
    request.respond(answer.status, { 'content-type': 'application/json' }, encodeError(answer.status, text));
    return;
  }
  const headers: AnswerHeaders =
    answer.contentType === undefined ? {} : { 'content-type': answer.contentType };
  if (answer.body instanceof Uint8Array) {
    request.respond(answer.status, headers, answer.body);
    return;
  }
  const outgoing = request.begin(answer.status, headers);
  try {
    await pipeline(request.pace(answer.body), outgoing);
  } catch (error) {
    // The head is out: all that can be said is that the body is not whole. Without a caller there is nobody to tell.
    request.abort();
    if (!request.signal.aborted) throw error;
  }
}

async function readError(body: ComponentResponse['body']): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString('utf8');
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxErrorBytes) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A JSON error is encoded again, anything else becomes the message of one. */
function encodeError(status: number, text: string): string {
  const parsed = parseError(text);
  return JSON.stringify(parsed ?? { code: status, label: 'server-error', message: text });
}

function parseError(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { code, label, message } = value as Readonly<Record<string, unknown>>;
    const isError = typeof code === 'number' && typeof label === 'string' && typeof message === 'string';
    return isError ? value : undefined;
  } catch {
    return undefined;
  }
}
