import type { Access, AccessRole, ConversationType, ProtocolName } from '#contract/conversations.ts';
import type { BackendDomain, ConversationId, TeamId, UserId } from '#contract/ids.ts';
import { type ConversationRow, hotQuery, type Reader, type Work } from '#storage';
import { deleteCode } from '../codes/code-store.ts';
import { deleteGroups, findGroup, putGroup } from '../mls/group-store.ts';
import type { BotService, ConversationProperties, OwnConversation } from './conversation.ts';

/** Rows of conversations that this backend owns, and their way to `OwnConversation`. */

const conversationById = hotQuery((reader, id: string) =>
  reader.selectFrom('conversation').selectAll().where('id', '=', id),
);

const membersById = hotQuery((reader, id: string) =>
  reader
    .selectFrom('conversation_member')
    .select(['user_domain', 'user_id', 'role', 'service'])
    .where('conversation_id', '=', id)
    .orderBy('user_domain')
    .orderBy('user_id'),
);

/** A conversation with all its members. */
export async function findConversation(
  reader: Reader,
  ownDomain: BackendDomain,
  id: ConversationId,
): Promise<OwnConversation | undefined> {
  const [row] = await conversationById(reader, id);
  return row === undefined ? undefined : withMembers(reader, ownDomain, row);
}

const versionById = hotQuery((reader, id: string) =>
  reader.selectFrom('conversation').select('version').where('id', '=', id),
);

/** The version of a conversation as it was last committed; undefined when there is none. */
export async function findVersion(reader: Reader, id: ConversationId): Promise<number | undefined> {
  const [row] = await versionById(reader, id);
  return row === undefined ? undefined : Number(row.version);
}

/**
 * Takes the conversation's lock until the end of the unit of work and returns it as it is now, so that changes of one
 * conversation come one after the other on both databases.
 * @param known from memory; it is what the database has when nobody has locked the conversation since
 */
export async function lockConversation(
  work: Work,
  ownDomain: BackendDomain,
  id: ConversationId,
  known?: OwnConversation,
): Promise<OwnConversation | undefined> {
  const [row] = await work.db
    .updateTable('conversation')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .returningAll()
    .execute();
  if (row === undefined) return undefined;
  const version = Number(row.version) - 1;
  return known?.version === version ? known : withMembers(work.reader, ownDomain, { ...row, version });
}

async function withMembers(
  reader: Reader,
  ownDomain: BackendDomain,
  row: ConversationRow,
): Promise<OwnConversation> {
  const members = await membersById(reader, row.id);
  const own = new Map<UserId, string>();
  const remote = new Map<BackendDomain, Map<UserId, string>>();
  const bots = new Map<UserId, BotService>();
  for (const { user_domain, user_id, role, service } of members) {
    if (service !== null) bots.set(user_id as UserId, JSON.parse(service) as BotService);
    if (user_domain === ownDomain) own.set(user_id as UserId, role);
    else rolesAt(remote, user_domain as BackendDomain).set(user_id as UserId, role);
  }
  const conversation = { ...conversationOf(row, own, remote), ...(bots.size === 0 ? {} : { bots }) };
  if (conversation.protocol === 'proteus') return conversation;
  const group = await findGroup(reader, conversation.id);
  return group === undefined ? conversation : { ...conversation, group };
}

function rolesAt(all: Map<BackendDomain, Map<UserId, string>>, domain: BackendDomain): Map<UserId, string> {
  const known = all.get(domain);
  if (known !== undefined) return known;
  const made = new Map<UserId, string>();
  all.set(domain, made);
  return made;
}

function conversationOf(
  row: ConversationRow,
  ownMembers: OwnConversation['ownMembers'],
  remoteMembers: OwnConversation['remoteMembers'],
): OwnConversation {
  return {
    id: row.id as ConversationId,
    version: Number(row.version),
    type: row.type as ConversationType,
    creator: row.creator as UserId | null,
    access: JSON.parse(row.access) as Access[],
    accessRoles: JSON.parse(row.access_roles) as AccessRole[],
    name: row.name,
    team: row.team as TeamId | null,
    messageTimer: row.message_timer,
    receiptMode: row.receipt_mode,
    protocol: row.protocol as ProtocolName,
    createdAt: row.created_at,
    ownMembers,
    remoteMembers,
  };
}

/**
 * Adds a conversation without its members. Returns false when there is one with this id.
 * @param pending while the backends of its members are not told of it, see `listPending`
 */
export async function insertConversation(
  work: Work,
  conversation: OwnConversation,
  pending: boolean,
): Promise<boolean> {
  const inserted = await work.db
    .insertInto('conversation')
    .values({
      id: conversation.id,
      version: conversation.version,
      creator: conversation.creator,
      team: conversation.team,
      created_at: conversation.createdAt,
      pending: pending ? 1 : 0,
      ...columnsOf(conversation),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute();
  if (inserted.length === 0) return false;
  const { id, group } = conversation;
  if (group !== undefined) await putGroup(work, { conversation: id, subconversation: '' }, group);
  return true;
}

/** Sets properties. */
export async function updateProperties(
  work: Work,
  id: ConversationId,
  properties: ConversationProperties,
): Promise<void> {
  await work.db.updateTable('conversation').set(columnsOf(properties)).where('id', '=', id).execute();
}

function columnsOf(properties: ConversationProperties) {
  return {
    type: properties.type,
    access: JSON.stringify(properties.access),
    access_roles: JSON.stringify(properties.accessRoles),
    name: properties.name,
    message_timer: properties.messageTimer,
    receipt_mode: properties.receiptMode,
    protocol: properties.protocol,
  };
}

/** Takes a conversation away with its members, its code and its MLS groups. */
export async function deleteConversation(work: Work, id: ConversationId): Promise<void> {
  await deleteCode(work, id);
  await deleteGroups(work, id);
  await work.db.deleteFrom('conversation_member').where('conversation_id', '=', id).execute();
  await work.db.deleteFrom('conversation').where('id', '=', id).execute();
}

/** Ids of a team's conversations, in order. */
export async function listTeamConversations(
  reader: Reader,
  team: TeamId,
): Promise<readonly ConversationId[]> {
  const rows = await reader
    .selectFrom('conversation')
    .select('id')
    .where('team', '=', team)
    .orderBy('id')
    .execute();
  return rows.map(({ id }) => id as ConversationId);
}

/** Says that all backends know of a conversation. Returns false when it is gone. */
export async function endPending(work: Work, id: ConversationId): Promise<boolean> {
  const rows = await work.db
    .updateTable('conversation')
    .set({ pending: 0 })
    .where('id', '=', id)
    .where('pending', '=', 1)
    .returning('id')
    .execute();
  return rows.length > 0;
}

/** Conversations whose making was broken off before that time. */
export async function listPending(reader: Reader, before: number): Promise<readonly ConversationId[]> {
  const rows = await reader
    .selectFrom('conversation')
    .select('id')
    .where('pending', '=', 1)
    .where('created_at', '<', before)
    .limit(100)
    .execute();
  return rows.map(({ id }) => id as ConversationId);
}
