import { apiVersion, getNotFullyConnectedBackends } from '#contract/federation/brig.ts';
import type { FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { type Refusal, refuse } from '#contract/refusal.ts';

/** Whether the backends of a conversation's members can be in one conversation (reference federation-api 7.4, 7.5). */
export interface BackendChecks {
  /**
   * Every backend answers and federates with every other.
   * @throws Refusal `unreachable-backends` with all that could not be asked; `non-federating-backends` with a pair
   */
  mustFederate(domains: readonly BackendDomain[]): Promise<void>;
  /** @throws Refusal `unreachable-backends` with all that do not answer. */
  mustAnswer(domains: readonly BackendDomain[]): Promise<void>;
}

export function createBackendChecks(federation: FederationCaller | undefined): BackendChecks {
  return {
    async mustFederate(domains) {
      const answers = await askEach(domains, async (domain) => {
        const others = domains.filter((other) => other !== domain);
        const answer = await mustBeOn(federation).call(domain, getNotFullyConnectedBackends, {
          domains: [...others],
        });
        return answer.non_connected_backends.find((other) => others.includes(other));
      });
      for (const { domain, value } of answers) {
        if (value !== undefined) throw nonFederating(domain, value);
      }
    },
    async mustAnswer(domains) {
      await askEach(domains, (domain) => mustBeOn(federation).call(domain, apiVersion, []));
    },
  };
}

function mustBeOn(federation: FederationCaller | undefined): FederationCaller {
  if (federation === undefined) throw refuse('federation-not-enabled');
  return federation;
}

interface Answer<T> {
  readonly domain: BackendDomain;
  readonly value: T;
}

/** So many backends are asked at the same time. */
const askedAtOnce = 8;

/**
 * Asks every backend, some at a time.
 * @throws Refusal `unreachable-backends` naming all that did not answer, whatever the reason
 */
export async function askEach<T>(
  domains: readonly BackendDomain[],
  ask: (domain: BackendDomain) => Promise<T>,
): Promise<readonly Answer<T>[]> {
  const answers: Answer<T>[] = [];
  const failed: BackendDomain[] = [];
  let cause: unknown;
  for (let at = 0; at < domains.length; at += askedAtOnce) {
    const some = domains.slice(at, at + askedAtOnce);
    const settled = await Promise.allSettled(some.map(ask));
    for (const [index, domain] of some.entries()) {
      const outcome = settled[index];
      if (outcome?.status === 'fulfilled') answers.push({ domain, value: outcome.value });
      else failed.push(domain);
      if (outcome?.status === 'rejected') cause ??= outcome.reason;
    }
  }
  if (failed.length > 0) throw unreachable(failed, cause);
  return answers;
}

function unreachable(domains: readonly BackendDomain[], cause: unknown): Refusal {
  return refuse('unreachable-backends', { instead: { unreachable_backends: domains }, cause });
}

function nonFederating(one: BackendDomain, other: BackendDomain): Refusal {
  return refuse('non-federating-backends', { instead: { non_federating_backends: [one, other] } });
}
