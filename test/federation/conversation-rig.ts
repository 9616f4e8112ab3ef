import assert from 'node:assert/strict';
import { createUser, type NetworkBackend, type TestAnswer, type TestUser, until } from '#testkit';

/** What the tests of conversations share: people who are connected, and what their streams say. */

export interface Named {
  readonly domain: string;
  readonly id: string;
}

export interface SeenEvent {
  readonly type: string;
  readonly qualified_conversation: Named;
  readonly qualified_from: Named;
  readonly time: string;
  readonly data: unknown;
}

/** A user as ids name it. */
export function named({ domain, id }: TestUser): Named {
  return { domain, id };
}

/** People on backends, in the order of the names. */
export async function people<const W extends readonly (readonly [NetworkBackend, string])[]>(
  ...wanted: W
): Promise<{ -readonly [K in keyof W]: TestUser }> {
  const users = await Promise.all(wanted.map(([backend, name]) => createUser(backend, { name })));
  return users as { -readonly [K in keyof W]: TestUser };
}

/** Both accept. */
export async function connect(one: TestUser, other: TestUser): Promise<void> {
  expectStatus(await one.send(`/connections/${other.domain}/${other.id}`, { method: 'POST' }), 201);
  const accepted = await other.send(`/connections/${one.domain}/${one.id}`, {
    method: 'PUT',
    body: { status: 'accepted' },
  });
  expectStatus(accepted, 200);
}

/** Fails with the whole answer. */
export function expectStatus(answer: TestAnswer, status: number): TestAnswer {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  return answer;
}

/** Makes a group. */
export async function createGroup(
  creator: TestUser,
  others: readonly TestUser[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<Named> {
  const body = { name: 'gossip', qualified_users: others.map(named), ...more };
  const made = expectStatus(await creator.send('/conversations', { body }), 201);
  return made.get('qualified_id') as Named;
}

/** Every conversation event in a user's stream, oldest first. */
export async function eventsOf(user: TestUser): Promise<readonly SeenEvent[]> {
  const answer = expectStatus(await user.send('/notifications?size=1000'), 200);
  const list = answer.get('notifications') as readonly { readonly payload: readonly SeenEvent[] }[];
  return list.flatMap(({ payload }) => payload).filter(({ type }) => type.startsWith('conversation.'));
}

/** Waits until a user's stream has so many events of a type, and returns them; more of them is a failure. */
export async function waitFor(user: TestUser, type: string, count = 1): Promise<readonly SeenEvent[]> {
  const found = await until(`${user.name} to see ${count} of ${type}`, async () => {
    const events = (await eventsOf(user)).filter((event) => event.type === type);
    return events.length >= count ? events : undefined;
  });
  assert.equal(found.length, count, `${user.name} sees ${type} ${found.length} times`);
  return found;
}

/** The path of a conversation. */
export function pathOf({ domain, id }: Named): string {
  return `/conversations/${domain}/${id}`;
}

/** Members that somebody sees, itself not among them, in order. */
export async function othersSeenBy(user: TestUser, conversation: Named): Promise<readonly string[]> {
  const answer = expectStatus(await user.send(pathOf(conversation)), 200);
  const { others } = answer.get('members') as { readonly others: readonly { qualified_id: Named }[] };
  return others.map(({ qualified_id }) => qualified_id.id).toSorted();
}
