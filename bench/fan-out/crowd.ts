import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { openStorage, type Work } from '#storage';
import type { NetworkBackend } from '#testkit';

/** Users with devices, in numbers that would take the client API minutes, written into databases that nobody has open. */

export interface CrowdMember {
  readonly domain: string;
  readonly user: string;
  readonly clients: readonly string[];
}

export interface Conversation {
  readonly domain: string;
  readonly id: string;
}

const now = 1_700_000_000_000;
/** SQLite takes a bounded number of values in one statement. */
const rowsAtOnce = 200;

const settings = {
  muted_status: null,
  muted_ref: null,
  archived: 0,
  archived_ref: null,
  hidden: 0,
  hidden_ref: null,
};

export function makeCrowd(
  { domain }: NetworkBackend,
  users: number,
  clientsEach: number,
): readonly CrowdMember[] {
  return Array.from({ length: users }, () => ({
    domain,
    user: randomUUID(),
    clients: Array.from({ length: clientsEach }, () => `1${randomBytes(7).toString('hex')}`),
  }));
}

/** Accounts and devices on the backend that the crowd is of. */
export async function enroll(backend: NetworkBackend, crowd: readonly CrowdMember[]): Promise<void> {
  await changing(backend, async (work) => {
    await inParts(crowd, (part) => work.db.insertInto('account').values(part.map(accountOf)).execute());
    await inParts(crowd, (part) => work.db.insertInto('client').values(part.flatMap(clientsOf)).execute());
  });
}

/** Membership in a conversation of another backend, on the backend that the crowd is of. */
export async function settle(
  backend: NetworkBackend,
  crowd: readonly CrowdMember[],
  conversation: Conversation,
): Promise<void> {
  const stay = (member: CrowdMember) => ({
    domain: conversation.domain,
    conversation_id: conversation.id,
    user_id: member.user,
    stay: randomUUID(),
    ...settings,
  });
  await changing(backend, async (work) => {
    await inParts(crowd, (part) =>
      work.db.insertInto('remote_conversation_member').values(part.map(stay)).execute(),
    );
  });
}

/** The members as the owner knows them. */
export async function enlist(
  owner: NetworkBackend,
  crowd: readonly CrowdMember[],
  { id }: Conversation,
): Promise<void> {
  await changing(owner, async (work) => {
    await inParts(crowd, (part) =>
      work.db
        .insertInto('conversation_member')
        .values(
          part.map(({ domain, user }) => ({
            conversation_id: id,
            user_domain: domain,
            user_id: user,
            role: 'wire_member',
            ...settings,
          })),
        )
        .execute(),
    );
  });
}

async function changing({ data }: NetworkBackend, change: (work: Work) => Promise<void>): Promise<void> {
  await using storage = await openStorage({ url: `sqlite:${join(data, 'crosswire.db')}` });
  await storage.work(change);
}

async function inParts<T>(items: readonly T[], run: (part: readonly T[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < items.length; at += rowsAtOnce) await run(items.slice(at, at + rowsAtOnce));
}

function accountOf({ user }: CrowdMember) {
  return {
    id: user,
    status: 'active',
    name: 'Somebody',
    email: null,
    email_key: null,
    handle: null,
    password_hash: null,
    accent_id: 1,
    picture: '[]',
    assets: '[]',
    supported_protocols: '["proteus"]',
    locale: 'en',
    managed_by: 'wire',
    team: null,
    expires_at: null,
    created_at: now,
  } as const;
}

function clientsOf({ user, clients }: CrowdMember) {
  return clients.map((id) => ({
    user_id: user,
    id,
    type: 'permanent',
    created_at: now,
    class: 'phone',
    label: null,
    model: null,
    cookie: null,
    capabilities: '[]',
    mls_public_keys: '{}',
    last_active: null,
  }));
}
