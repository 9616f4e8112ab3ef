import { parseJson } from '#contract/json.ts';
import { refuse } from '#contract/refusal.ts';
import { compileParser } from '#contract/schema.ts';
import { type NewBotRequest, NewBotResponse } from '#contract/services.ts';
import type { ServiceRow } from '#storage';
import type { CallService, ServiceTarget } from '../needs.ts';
import { serviceUnreachable } from '../telemetry.ts';

/** How a service is reached. */
export function targetOf({ base_url, public_keys }: ServiceRow): ServiceTarget {
  const keys = JSON.parse(public_keys) as readonly { readonly pem: string }[];
  return { baseUrl: base_url, publicKeys: keys.map(({ pem }) => pem) };
}

/** What this backend proves itself with to a service. */
export function credentialsOf({ auth_tokens }: ServiceRow): Readonly<Record<string, string>> {
  const [token] = JSON.parse(auth_tokens) as readonly string[];
  return { authorization: `Bearer ${token}` };
}

const response = compileParser(NewBotResponse);

/** Asks a service to be a bot. @throws Refusal `bad-gateway`, `too-many-bots` */
export async function askForBot(
  call: CallService,
  service: ServiceRow,
  bot: NewBotRequest,
  signal: AbortSignal,
): Promise<NewBotResponse> {
  const answer = await call(
    targetOf(service),
    { method: 'POST', path: '/bots', headers: credentialsOf(service), body: JSON.stringify(bot) },
    signal,
  ).catch((cause: unknown) => {
    serviceUnreachable(service.id, cause);
    throw badGateway('it cannot be reached', cause);
  });
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
