import type { Config } from '../../config.ts';
import { urlOf } from '../../slices.ts';
import type { Examination } from './finding.ts';

/** An entry of the list of remotes, as the internal API has it. */
export interface ListedRemote {
  readonly domain: string;
  readonly search_policy: string;
}

/** What the running backend says of its own policy. */
export interface OwnPolicy {
  readonly strategy: string;
  readonly remotes: readonly ListedRemote[];
}

/** Asks the running backend whether it serves, and for its policy. Undefined when it does not answer. */
export async function examineRunningBackend(
  exam: Examination,
  config: Config,
): Promise<OwnPolicy | undefined> {
  const url = urlOf(config.listen.internal);
  const step = 'this backend runs';
  try {
    const status = await fetch(`${url}/i/status`, { signal: AbortSignal.timeout(5_000) });
    await status.arrayBuffer();
    if (!status.ok) throw new Error(`it answers ${status.status}`);
    exam.good('ours', step, `${url}/i/status answers ${status.status}`);
    const answer = await fetch(`${url}/i/federation/remotes`, { signal: AbortSignal.timeout(5_000) });
    const policy = (await answer.json()) as OwnPolicy;
    if (!answer.ok) throw new Error(`/i/federation/remotes answers ${answer.status}`);
    return policy;
  } catch (error) {
    exam.bad(
      'ours',
      step,
      `${url}: ${causeOf(error)}`,
      'start it: crosswire serve --config …; or mend listen.internal in this configuration',
    );
    return undefined;
  }
}

/** `fetch` hides the system's reason one level down. */
function causeOf(error: unknown): string {
  const { cause, message } = error as {
    readonly cause?: { readonly code?: string };
    readonly message: string;
  };
  return cause?.code === 'ECONNREFUSED' ? 'nothing listens there' : (cause?.code ?? message);
}

/** Whether our own policy lets the remote in and out, and what its users may find. */
export function examineOwnPolicy(exam: Examination, policy: OwnPolicy | undefined, domain: string): void {
  const step = `own policy for ${domain}`;
  if (policy === undefined) {
    exam.skip('ours', step, 'needs the running backend');
    return;
  }
  const entry = policy.remotes.find((remote) => remote.domain === domain);
  const searching =
    entry === undefined
      ? 'not on the list, so its users find nobody here'
      : `search policy ${entry.search_policy}`;
  if (policy.strategy === 'allowNone')
    exam.bad(
      'ours',
      step,
      'the strategy is allowNone',
      'set federation.strategy to allowDynamic or allowAll, and restart',
    );
  else if (policy.strategy === 'allowDynamic' && entry === undefined)
    exam.bad('ours', step, 'not on the list', `crosswire federation allow ${domain}`);
  else exam.good('ours', step, `strategy ${policy.strategy}; ${searching}`);
}
