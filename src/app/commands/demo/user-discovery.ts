import { createUser, type Query, type TestUser } from '#testkit';
import { certificateFacts } from '../doctor/certificate.ts';
import type { BackendDescription } from '../network/description.ts';
import type { RunningNetwork } from '../network/run.ts';
import { allow } from './allow.ts';
import { backendsOf } from './backends.ts';
import { shakeHandsWith } from './handshake.ts';
import { readCounter } from './metric.ts';
import type { Story } from './story.ts';

/** Who the later flows are about. */
export interface People {
  readonly alice: TestUser;
  readonly bob: TestUser;
}

const outgoing = 'com_wire_federator_outgoing_requests';
const incoming = 'com_wire_federator_incoming_requests';

/** Flow "User Discovery" of the specification, hop by hop. */
export async function playUserDiscovery(story: Story, network: RunningNetwork): Promise<People> {
  const { a, b } = backendsOf(network);
  story.flow('Flow: User Discovery', 'Alice at a.example.com looks for Bob at b.example.com.');
  const people = await registerBoth(story, a, b);
  await findNobodyBeforeAllowed(story, people.alice, b);
  await allowBoth(story, a, b);
  const before = { out: await sent(a, b), in: await received(a, b), queries: network.dns.queries.length };
  await searchAndFind(story, people, b);
  tellDns(story, network.dns.queries.slice(before.queries));
  await tellTls(story, network, a, b);
  await tellCounters(story, { a, b }, before);
  await searchAgain(story, network, people, b);
  return people;
}

async function registerBoth(story: Story, a: BackendDescription, b: BackendDescription): Promise<People> {
  story.step('Alice and Bob have accounts, each on the own backend');
  const alice = await createUser(a, { name: 'Alice', handle: 'alice' });
  const bob = await createUser(b, { name: 'Bob', handle: 'bob' });
  story.fact('Alice', `@alice@${a.domain}, user id ${alice.id}`);
  story.fact('Bob', `@bob@${b.domain}, user id ${bob.id}`);
  return { alice, bob };
}

async function findNobodyBeforeAllowed(story: Story, alice: TestUser, b: BackendDescription): Promise<void> {
  story.step('Nobody federates with anybody who was not allowed: Alice searches too early');
  const answer = await alice.search('bob', b.domain);
  story.fact('asked', `GET /v5/search/contacts?q=bob&domain=${b.domain}`);
  story.fact('answered', `${answer.status} ${JSON.stringify(answer.body)}`);
  story.check(
    'her own backend refuses, and nothing has left it',
    answer.status === 400 && answer.get('label') === 'federation-denied',
    `${answer.status} ${JSON.stringify(answer.body)}`,
  );
}

async function allowBoth(story: Story, a: BackendDescription, b: BackendDescription): Promise<void> {
  story.step('The operators of both allow each other, without a restart');
  await allow(story, a, b);
  await allow(story, b, a);
}

async function searchAndFind(story: Story, { alice, bob }: People, b: BackendDescription): Promise<void> {
  story.step(`Alice types @bob@${b.domain} into the search field; her client asks her own backend`);
  const started = performance.now();
  const answer = await alice.search('bob', b.domain);
  const [found] = answer.get('documents') as readonly {
    readonly qualified_id: unknown;
    readonly name: string;
  }[];
  story.fact('asked', `GET /v5/search/contacts?q=bob&domain=${b.domain}`);
  story.fact('answered', `${answer.status} after ${(performance.now() - started).toFixed(0)} ms`);
  story.fact('found', JSON.stringify(found));
  story.fact('policy of B', String(answer.get('search_policy')));
  const expected = { domain: b.domain, id: bob.id };
  story.check(
    'it is Bob, by the id that his own backend gave him',
    sameId(found?.qualified_id, expected),
    JSON.stringify(answer.body),
  );
  story.say('   How did that answer get here? The next steps tell what each hop saw.');
}

function sameId(found: unknown, expected: { readonly domain: string; readonly id: string }): boolean {
  const { domain, id } = (found ?? {}) as { readonly domain?: unknown; readonly id?: unknown };
  return domain === expected.domain && id === expected.id;
}

/** The name server's own log: who asked what, in order. */
function tellDns(story: Story, queries: readonly Query[]): void {
  story.step('Both backends asked DNS: A for the way to B, B for who may speak for A');
  for (const { name, type } of queries) story.fact('DNS query', `${type.padEnd(4)} ${name}`);
  const asked = (domain: string) =>
    queries.some(({ name }) => name === `_wire-server-federator._tcp.${domain}`);
  story.check(
    'the SRV record of b.example.com led A to the ingress of B',
    asked('b.example.com'),
    'no query',
  );
  story.check(
    'the SRV record of a.example.com told B which host name A has to prove',
    asked('a.example.com'),
    'no query',
  );
}

async function tellTls(
  story: Story,
  network: RunningNetwork,
  a: BackendDescription,
  b: BackendDescription,
): Promise<void> {
  story.step(
    "A's federator and B's ingress proved to each other who they are (the same handshake once more)",
  );
  await using handshake = await shakeHandsWith(network, b, { as: a });
  const theirs = handshake.peer === undefined ? undefined : certificateFacts(handshake.peer);
  story.fact('connected to', `${b.ingress.host}:${b.ingress.port}, server name ${b.infrastructureDomain}`);
  story.fact('protocol', `${handshake.protocol}, ${handshake.cipher}, ALPN ${handshake.alpn}`);
  story.fact(
    'B showed',
    `${theirs?.subject}, names ${theirs?.names.join(', ')}, issued by ${theirs?.issuer}`,
  );
  story.fact('A showed', `names ${handshake.shown.names.join(', ')}, issued by ${handshake.shown.issuer}`);
  story.check(
    "B's certificate verifies and names the SRV target",
    handshake.untrusted === undefined && theirs?.names.includes(b.infrastructureDomain) === true,
    handshake.untrusted ?? String(theirs?.names),
  );
}

async function tellCounters(
  story: Story,
  { a, b }: { readonly a: BackendDescription; readonly b: BackendDescription },
  before: { readonly out: number; readonly in: number },
): Promise<void> {
  story.step('The call went from brig through both federators to brig, and back the same way');
  const out = (await sent(a, b)) - before.out;
  const into = (await received(a, b)) - before.in;
  story.fact(
    'A outward',
    `${out} calls to ${b.domain} (api-version first, to know what B speaks; then search-users)`,
  );
  story.fact(
    'B inward',
    `${into} requests that claimed ${a.domain}, each admitted by policy, DNS and certificate`,
  );
  story.check('as many arrived as left', out === into && out > 0, `${out} left, ${into} arrived`);
}

async function searchAgain(
  story: Story,
  network: RunningNetwork,
  { alice }: People,
  b: BackendDescription,
): Promise<void> {
  story.step('Alice searches once more: connection, DNS answers and versions are known now');
  const queries = network.dns.queries.length;
  const started = performance.now();
  const answer = await alice.search('bob', b.domain);
  story.fact('answered', `${answer.status} after ${(performance.now() - started).toFixed(0)} ms`);
  story.check(
    'no DNS query was needed, as its records still hold',
    network.dns.queries.length === queries,
    'queries',
  );
}

function sent(a: BackendDescription, b: BackendDescription): Promise<number> {
  return readCounter(a.internalApi, outgoing, `target_domain="${b.domain}"`);
}

function received(a: BackendDescription, b: BackendDescription): Promise<number> {
  return readCounter(b.internalApi, incoming, `origin_domain="${a.domain}"`);
}
