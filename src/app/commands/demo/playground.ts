import type { RunningNetwork } from '../network/run.ts';
import { backendsOf } from './backends.ts';
import type { Story } from './story.ts';
import type { People } from './user-discovery.ts';

/** What to type next. */
export function tellPlayground(story: Story, network: RunningNetwork, { alice, bob }: People): void {
  const { a, b } = backendsOf(network);
  story.say(`The backends stay up until Ctrl-C. Things to try in another terminal:

  # search as Alice (the token is good for 15 minutes)
  curl -s '${a.clientApi}/v5/search/contacts?q=bob&domain=${b.domain}' -H 'Authorization: Bearer ${alice.token}'

  # Bob's profile, through both federators
  curl -s '${a.clientApi}/v5/users/${b.domain}/${bob.id}' -H 'Authorization: Bearer ${alice.token}'

  # log Alice in again
  curl -s -X POST '${a.clientApi}/v5/login' -H 'content-type: application/json' -d '${JSON.stringify({ email: alice.email, password: alice.password })}'

  # the whole way from A to B, step by step, and whom A knows
  bin/crosswire doctor ${b.domain} --config ${a.config}
  bin/crosswire federation list --config ${a.config}
  bin/crosswire federation status --config ${a.config}

  # B shuts A out, and lets it in again
  bin/crosswire federation deny ${a.domain} --config ${b.config}
  bin/crosswire federation allow ${a.domain} --config ${b.config}

  # knock at B's ingress without a certificate
  curl -sk --resolve ${b.infrastructureDomain}:${b.ingress.port}:127.0.0.1 -X POST https://${b.infrastructureDomain}:${b.ingress.port}/federation/brig/api-version -H 'Wire-Origin-Domain: ${a.domain}' -d '[]'

  # every route of the client API
  ${a.clientApi}/v5/api/swagger-ui/`);
}
