import { createPublicKey } from 'node:crypto';
import { parseJson } from '#contract/json.ts';
import { refuse } from '#contract/refusal.ts';
import { compileParser } from '#contract/schema.ts';
import type { CallService, ServiceCall } from '#contract/service-caller.ts';
import { type NewBotRequest, NewBotResponse } from '#contract/services.ts';
import type { ServiceRow } from '#storage';
import { serviceUnreachable } from '../telemetry.ts';

/** How a service is reached, by which keys it is known, and what this backend proves itself with there. */
export function targetOf(row: ServiceRow): Pick<ServiceCall, 'baseUrl' | 'keys' | 'token'> {
  const keys = JSON.parse(row.public_keys) as readonly { readonly pem: string }[];
  const [token] = JSON.parse(row.auth_tokens) as readonly [string, ...string[]];
  return { baseUrl: row.base_url, keys: keys.map(({ pem }) => createPublicKey(pem)), token };
}

const response = compileParser(NewBotResponse);

/** Asks a service to be a bot. @throws Refusal `bad-gateway`, `too-many-bots` */
export async function askForBot(
  call: CallService,
  service: ServiceRow,
  bot: NewBotRequest,
  signal: AbortSignal,
): Promise<NewBotResponse> {
  const body = JSON.stringify(bot);
  const answer = await call({ ...targetOf(service), method: 'POST', path: '/bots', body, signal });
  if (!answer.reached) {
    serviceUnreachable(service.id, answer.reason);
    throw badGateway('it cannot be reached', new Error(answer.reason));
  }
  if (answer.status === 409) throw refuse('too-many-bots');
  if (answer.status !== 201) throw badGateway(`found status ${answer.status}, expected 201`);
  try {
    return response.parse(parseJson(answer.body, 'body'), 'body');
  } catch (cause) {
    throw badGateway((cause as Error).message, cause);
  }
}

/** The answer of a service that is of no use. */
export function badGateway(why: string, cause?: unknown) {
  return refuse('bad-gateway', {
    message: `The upstream service returned an invalid response: ${why}`,
    cause,
  });
}
