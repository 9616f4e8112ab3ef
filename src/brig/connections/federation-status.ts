import { getNotFullyConnectedBackends } from '#contract/federation/brig.ts';
import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain } from '#contract/ids.ts';
import { Refusal } from '#contract/refusal.ts';

/** Whether other backends federate with each other, each asked about the others (reference federation-api 5.2.12). */
export interface FederationStatus {
  check(domains: readonly BackendDomain[], options?: CallOptions): Promise<FoundStatus>;
}

export type FoundStatus =
  | { readonly kind: 'fully-connected' }
  | { readonly kind: 'not-connected'; readonly pair: readonly [BackendDomain, BackendDomain] }
  /** Could not be asked, for whatever reason. */
  | { readonly kind: 'unreachable'; readonly domains: readonly BackendDomain[] };

/** As many remotes are asked at once. */
const domainsAtOnce = 8;

export function createFederationStatus(federation: FederationCaller): FederationStatus {
  async function ask(domain: BackendDomain, others: readonly BackendDomain[], options?: CallOptions) {
    try {
      const answer = await federation.call(
        domain,
        getNotFullyConnectedBackends,
        { domains: [...others] },
        options,
      );
      return { domain, missing: answer.non_connected_backends };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { domain, missing: undefined };
    }
  }

  return {
    async check(domains, options) {
      const distinct = [...new Set(domains)];
      const answers: Awaited<ReturnType<typeof ask>>[] = [];
      for (let start = 0; start < distinct.length; start += domainsAtOnce) {
        const some = distinct.slice(start, start + domainsAtOnce);
        const asked = some.map((domain) =>
          ask(
            domain,
            distinct.filter((other) => other !== domain),
            options,
          ),
        );
        answers.push(...(await Promise.all(asked)));
      }
      const unreachable = answers.filter(({ missing }) => missing === undefined);
      if (unreachable.length > 0) {
        return { kind: 'unreachable', domains: unreachable.map(({ domain }) => domain) };
      }
      for (const { domain, missing } of answers) {
        const [other] = missing ?? [];
        if (other !== undefined) return { kind: 'not-connected', pair: [domain, other] };
      }
      return { kind: 'fully-connected' };
    },
  };
}
