import type { CallService } from '#contract/service-caller.ts';
import { createPinnedCaller } from '#external';
import { createEgressRules, ownListeners } from '#federator';
import type { Config } from './config.ts';

/*
 * How services of others are called. Their addresses come from users: they are reached where the egress rules let them
 * be, and never at a listener of this backend.
 */

type Settings = Pick<Config, 'services' | 'listen'>;

const maxAnswerBytes = 1024 * 1024;

/** For services with bots; the limit of a call is wire-server's. */
export function createBotServiceCaller(config: Settings): CallService {
  return createServiceCaller(config, 5_000);
}

/** For legal hold services, which make a device while they are waited for. */
export function createLegalholdCaller(config: Settings): CallService {
  return createServiceCaller(config, 10_000);
}

function createServiceCaller({ services, listen }: Settings, timeoutMs: number): CallService {
  const own = Object.values(listen).filter((at) => at !== undefined);
  const rules = createEgressRules({
    setting: 'services.egress.allow',
    allow: services.egress.allow,
    isOwnListener: ownListeners(own),
  });
  return createPinnedCaller({
    mayConnect: (candidate, port) => rules.check(candidate, port)?.reason,
    timeoutMs,
    maxAnswerBytes,
  });
}
