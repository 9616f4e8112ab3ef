import { createAuthority, type IssuedCertificate, request } from '#testkit';
import { callOver, type ProbeAnswer } from '../doctor/probe.ts';
import type { BackendDescription } from '../network/description.ts';
import type { RunningNetwork } from '../network/run.ts';
import { backendsOf } from './backends.ts';
import { shakeHandsWith } from './handshake.ts';
import type { Story } from './story.ts';
import type { People } from './user-discovery.ts';

/** Who is not let in, and what each is told. */
export async function playRefusals(story: Story, network: RunningNetwork, people: People): Promise<void> {
  const { a, b } = backendsOf(network);
  story.flow(
    'Flow: Refusals',
    'A backend lets in nobody who cannot prove who it is, and tells the other side why.',
  );
  await deniedByPolicy(story, people, a, b);
  await strangersCertificate(story, network, a, b);
  await certificateOfAnother(story, network, a, b);
}

async function deniedByPolicy(story: Story, { alice }: People, a: BackendDescription, b: BackendDescription) {
  story.step('The operators of B take A off their list; Alice searches again');
  const entry = `${b.internalApi}/i/federation/remotes`;
  await request(`${entry}/${a.domain}`, { method: 'DELETE' });
  story.fact('at B', `crosswire federation deny ${a.domain}`);
  const answer = await alice.search('bob', b.domain);
  story.fact('answered', `${answer.status} ${JSON.stringify(answer.body)}`);
  const inner = answer.get('inner') as { readonly label?: string } | undefined;
  story.check(
    'A passes on that B refused, and why',
    answer.status === 533 && inner?.label === 'federation-denied',
    JSON.stringify(answer.body),
  );
  const again = {
    domain: a.domain,
    search_policy: 'full_search',
    restriction: { tag: 'allow_all', value: null },
  };
  await request(entry, { body: again });
  story.fact('at B', `crosswire federation allow ${a.domain}, and all is well again`);
}

async function strangersCertificate(
  story: Story,
  network: RunningNetwork,
  a: BackendDescription,
  b: BackendDescription,
) {
  story.step("Mallory makes a CA of her own, and with it a certificate for A's host name");
  const mallory = createAuthority({ commonName: "Mallory's CA" }).issue({ names: [a.infrastructureDomain] });
  const answer = await callAs(network, b, mallory, a.domain);
  story.fact('claimed', `Wire-Origin-Domain: ${a.domain}`);
  story.fact('B answered', `${answer.status} ${JSON.stringify(answer.body)}`);
  story.check(
    'AuthenticationFailure: nobody whom B trusts vouches for it',
    errorOf(answer) === 'AuthenticationFailure',
    JSON.stringify(answer.body),
  );
}

async function certificateOfAnother(
  story: Story,
  network: RunningNetwork,
  a: BackendDescription,
  b: BackendDescription,
) {
  story.step('Mallory gets an honest certificate, for her own host name, and claims to be A');
  const mallory = network.authority.issue({ names: ['wire.mallory.example.com'] });
  const answer = await callAs(network, b, mallory, a.domain);
  story.fact('claimed', `Wire-Origin-Domain: ${a.domain}`);
  story.fact('B answered', `${answer.status} ${JSON.stringify(answer.body)}`);
  story.check(
    `ValidationError: DNS says that ${a.infrastructureDomain} speaks for A, and the certificate does not name it`,
    errorOf(answer) === 'ValidationError',
    JSON.stringify(answer.body),
  );
}

async function callAs(
  network: RunningNetwork,
  remote: BackendDescription,
  certificate: IssuedCertificate,
  originDomain: string,
): Promise<ProbeAnswer> {
  await using handshake = await shakeHandsWith(network, remote, { with: certificate });
  const authority = `${remote.infrastructureDomain}:${remote.ingress.port}`;
  return await callOver(handshake, {
    path: '/federation/brig/api-version',
    authority,
    originDomain,
    timeoutMs: 5_000,
  });
}

function errorOf({ body }: ProbeAnswer): unknown {
  return (body as { readonly error?: unknown } | undefined)?.error;
}
