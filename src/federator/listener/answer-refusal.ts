import { Refusal, refuse } from '#contract/refusal.ts';
import type { Logger } from '#telemetry';
import type { HttpRequest } from './http-request.ts';

/**
 * Answers what a handler threw: a refusal with its status and error body, anything else as 500 `server-error` without
 * detail, its cause in the log. After the head of an answer is out, the exchange can only be cut off.
 */
export function answerThrown(request: HttpRequest, thrown: unknown, log: Logger): void {
  if (!(thrown instanceof Refusal)) {
    log.error({ err: thrown, method: request.method, path: request.path.slice(0, 200) }, 'request failed');
  }
  if (request.answered) {
    request.abort();
    return;
  }
  const refusal = thrown instanceof Refusal ? thrown : refuse('server-error', { cause: thrown });
  request.respond(
    refusal.status,
    { 'content-type': 'application/json', ...refusal.details.headers },
    JSON.stringify(refusal.body()),
  );
}
