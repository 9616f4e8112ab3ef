import type { Config } from '../../config.ts';
import { urlOf } from '../../slices.ts';
import { reasonOf } from '../../terminal/failure.ts';
import type { Examination } from './finding.ts';

/** The same call once more, this time by the running backend: its sessions, its policy, its breaker. */
export async function examineRoundTrip(exam: Examination, config: Config, domain: string): Promise<void> {
  const url = `${urlOf(config.listen.outward)}/rpc/${domain}/brig/api-version`;
  const step = `round trip through the running backend to ${domain}`;
  const started = performance.now();
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'wire-origin-domain': config.domain },
      body: '[]',
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    const ms = (performance.now() - started).toFixed(1);
    if (answer.ok) exam.good('network', step, `${answer.status} in ${ms} ms`);
    else
      exam.bad(
        'network',
        step,
        `${answer.status} ${text.slice(0, 400)}`,
        'mend what is marked above, then try again',
      );
  } catch (error) {
    exam.bad('ours', step, `${url}: ${reasonOf(error)}`, 'is the backend up?');
  }
}
