import { request } from '#testkit';
import type { BackendDescription } from '../network/description.ts';
import type { Story } from './story.ts';

/** The operator of one backend allows another. */
export async function allow(
  story: Story,
  own: BackendDescription,
  remote: BackendDescription,
): Promise<void> {
  const entry = {
    domain: remote.domain,
    search_policy: 'full_search',
    restriction: { tag: 'allow_all', value: null },
  };
  const answer = await request(`${own.internalApi}/i/federation/remotes`, { body: entry });
  story.fact(`at ${own.domain.slice(0, 1).toUpperCase()}`, `crosswire federation allow ${remote.domain}`);
  story.check(`${own.domain} federates with ${remote.domain}`, answer.status === 200, String(answer.status));
}
