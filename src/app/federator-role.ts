import { setTimeout as delay } from 'node:timers/promises';
import {
  createComponentHttp,
  type OpenListener,
  openFederator,
  openPolledPolicy,
  type PolledPolicy,
} from '#federator';
import { logger } from '#telemetry';
import type { Config } from './config.ts';
import { openDoorsOf } from './listeners.ts';
import { componentUrls, federatorNeeds } from './slices.ts';

const log = logger('app');

/** How long a federator waits for brig to tell whom to federate with before it listens all the same. */
const policyWaitMs = 10_000;
/** How soon a change of the list is in effect here. */
const policyPollMs = 200;

/** Outward, inward and ingress alone; what they relay goes to the components in another process. */
export async function openFederatorAlone(
  stack: AsyncDisposableStack,
  config: Config,
  signal: AbortSignal,
): Promise<readonly OpenListener[]> {
  const urls = componentUrls(config);
  const policy = stack.use(openPolledPolicy({ brigUrl: urls.brig, everyMs: policyPollMs }));
  const federator = stack.use(await openFederator({ ...federatorNeeds(config), policy }));
  const components = stack.use(createComponentHttp(urls));
  await knownOrWaited(policy, signal);
  return openDoorsOf(stack, config, federator, components);
}

async function knownOrWaited(policy: PolledPolicy, signal: AbortSignal): Promise<void> {
  const known = new AbortController();
  const waited = delay(policyWaitMs, true, { signal: AbortSignal.any([signal, known.signal]) });
  const late = await Promise.race([policy.known.then(() => false), waited]);
  known.abort();
  await Promise.allSettled([waited]);
  if (late) log.warn('brig does not tell whom to federate with; until it does, everybody is denied');
}
