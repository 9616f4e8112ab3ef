import type { BackendDescription } from './description.ts';

/** Puts every other backend on each one's list of remotes, where tests and operators may change it again. */
export async function allowEachOther(backends: readonly BackendDescription[]): Promise<void> {
  const pairs = backends.flatMap((own) =>
    backends.filter((remote) => remote !== own).map((remote) => ({ own, remote })),
  );
  await Promise.all(pairs.map(({ own, remote }) => allow(own, remote.domain)));
}

async function allow(own: BackendDescription, domain: string): Promise<void> {
  const answer = await fetch(`${own.internalApi}/i/federation/remotes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      domain,
      search_policy: 'full_search',
      restriction: { tag: 'allow_all', value: null },
    }),
  });
  if (!answer.ok)
    throw new Error(
      `${own.domain} does not take ${domain} as a remote: ${answer.status} ${await answer.text()}`,
    );
  await answer.arrayBuffer();
}
