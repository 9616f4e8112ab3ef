import type { AccessRole } from '#contract/conversations.ts';
import type { CodeInfo, ConversationEvent } from '#contract/events/conversation.ts';
import type { ConversationId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { sameSecret } from '#contract/secrets.ts';
import type { ConversationCodeRow } from '#storage';
import type { OwnConversation } from '../conversations/conversation.ts';
import { conversationEvent } from '../conversations/conversation-event.ts';
import type { GalleySettings } from '../settings.ts';
import { type Actor, originOf } from '../updates/publish.ts';
import { codeKeyOf, newCode } from './code-key.ts';
import { hashCodePassword, isCodePassword } from './code-password.ts';
import { deleteCode, findCode, putCode } from './code-store.ts';
import { assertMayJoin, joinBy } from './join.ts';
import type { CodeNeeds } from './needs.ts';

/** Codes with which users of this backend join a conversation by a link (reference client-api 4.7). */
export interface Codes {
  /** Makes a code, or returns the one that is there. */
  create(actor: Actor, id: ConversationId, password: string | undefined): Promise<Created>;
  get(actor: Actor, id: ConversationId): Promise<CodeInfo>;
  remove(actor: Actor, id: ConversationId): Promise<ConversationEvent>;
  /** @throws Refusal `no-conversation-code` or `no-conversation` unless the code opens a conversation. */
  check(given: GivenCode): Promise<void>;
  /** What is behind a code. */
  preview(actor: Actor, given: GivenCode): Promise<Preview>;
  /** Lets the actor in; undefined when it is in already. */
  join(
    actor: Actor,
    given: GivenCode & { readonly password?: string },
  ): Promise<ConversationEvent | undefined>;
  /** As `join`, into a conversation that lets everybody in who knows its id (`link`). */
  joinById(actor: Actor, id: ConversationId): Promise<ConversationEvent | undefined>;
}

export type Created =
  | { readonly kind: 'new'; readonly event: ConversationEvent }
  | { readonly kind: 'existing'; readonly code: CodeInfo };

export interface GivenCode {
  readonly key: string;
  readonly code: string;
}

export interface Preview {
  readonly conversation: OwnConversation;
  readonly hasPassword: boolean;
}

export function createCodes(needs: CodeNeeds): Codes {
  const { storage, settings } = needs;
  return {
    create: (actor, id, password) => create(needs, actor, id, password),
    async get(actor, id) {
      const conversation = await mustBeMember(needs, actor, id);
      assertGuestLinks(settings);
      if (!conversation.access.includes('code')) throw refuse('access-denied');
      const row = await findCode(storage.reader, codeKeyOf(id), needs.now());
      if (row === undefined) throw refuse('no-conversation-code');
      return infoOf(settings, row);
    },
    remove: (actor, id) => remove(needs, actor, id),
    async check(given) {
      if (!settings.guestLinks) throw refuse('no-conversation-code');
      await find(needs, given);
    },
    async preview(actor, given) {
      const { row, conversation } = await find(needs, given);
      await assertMayJoin(needs, actor, conversation);
      assertGuestLinks(settings);
      return { conversation, hasPassword: row.password_hash !== null };
    },
    async join(actor, given) {
      const { row, conversation } = await find(needs, given);
      await assertPassword(row, given.password);
      assertGuestLinks(settings);
      return joinBy(needs, actor, conversation, 'code');
    },
    async joinById(actor, id) {
      return joinBy(needs, actor, await mustBeFound(needs, id), 'link');
    },
  };
}

async function create(
  needs: CodeNeeds,
  actor: Actor,
  id: ConversationId,
  password: string | undefined,
): Promise<Created> {
  const conversation = await mustBeFound(needs, id);
  assertGuestLinks(needs.settings);
  assertAdmin(conversation, actor);
  assertCodeAccess(conversation);
  const open: readonly AccessRole[] = ['guest', 'non_team_member'];
  if (!open.some((role) => conversation.accessRoles.includes(role))) throw refuse('access-denied');
  const hash = password === undefined ? null : await hashCodePassword(password);
  return needs.storage.work(async (work): Promise<Created> => {
    const now = needs.now();
    await needs.conversations.lock(work, id);
    const existing = await findCode(work.reader, codeKeyOf(id), now);
    if (existing !== undefined) {
      if (existing.password_hash !== null || hash !== null) throw refuse('create-conv-code-conflict');
      return { kind: 'existing', code: infoOf(needs.settings, existing) };
    }
    const row = {
      key: codeKeyOf(id),
      conversation_id: id,
      code: newCode(),
      password_hash: hash,
      expires_at: now + needs.settings.codeLifetimeSeconds * 1000,
    };
    await putCode(work, row);
    const happening = happeningOf(needs, actor, id);
    const event = conversationEvent('conversation.code-update', happening, infoOf(needs.settings, row));
    await needs.events.push(work, {
      recipients: [...conversation.ownMembers.keys()].map((user) => ({ user })),
      event,
      ...originOf(actor, needs.ownDomain),
    });
    return { kind: 'new', event };
  });
}

async function remove(needs: CodeNeeds, actor: Actor, id: ConversationId): Promise<ConversationEvent> {
  const conversation = await mustBeFound(needs, id);
  assertAdmin(conversation, actor);
  assertCodeAccess(conversation);
  return needs.storage.work(async (work) => {
    await deleteCode(work, id);
    const event = conversationEvent('conversation.code-delete', happeningOf(needs, actor, id), null);
    await needs.events.push(work, {
      recipients: [...conversation.ownMembers.keys()].map((user) => ({ user })),
      event,
      ...originOf(actor, needs.ownDomain),
    });
    return event;
  });
}

function happeningOf({ ownDomain, now }: CodeNeeds, { user }: Actor, id: ConversationId) {
  return { conversation: { domain: ownDomain, id }, from: user, time: new Date(now()).toISOString() };
}

async function mustBeFound({ conversations }: CodeNeeds, id: ConversationId): Promise<OwnConversation> {
  const conversation = await conversations.find(id);
  if (conversation === undefined) throw refuse('no-conversation');
  return conversation;
}

async function mustBeMember(needs: CodeNeeds, { user }: Actor, id: ConversationId): Promise<OwnConversation> {
  const conversation = await mustBeFound(needs, id);
  if (!conversation.ownMembers.has(user.id)) throw refuse('no-conversation');
  return conversation;
}

function assertGuestLinks({ guestLinks }: GalleySettings): void {
  if (!guestLinks) throw refuse('guest-links-disabled');
}

function assertAdmin({ ownMembers }: OwnConversation, { user }: Actor): void {
  if (ownMembers.get(user.id) !== 'wire_admin') throw refuse('access-denied');
}

function assertCodeAccess({ access }: OwnConversation): void {
  if (!access.includes('code')) throw refuse('access-denied');
}

function infoOf({ codeUri }: GalleySettings, row: ConversationCodeRow): CodeInfo {
  const uri = new URL(codeUri);
  uri.searchParams.set('key', row.key);
  uri.searchParams.set('code', row.code);
  return { key: row.key, code: row.code, uri: uri.href, has_password: row.password_hash !== null };
}

interface Found {
  readonly row: ConversationCodeRow;
  readonly conversation: OwnConversation;
}

/** Key and code together open the door; the code is compared in constant time. */
async function find(needs: CodeNeeds, { key, code }: GivenCode): Promise<Found> {
  const row = await findCode(needs.storage.reader, key, needs.now());
  if (row === undefined || !sameSecret(code, row.code)) throw refuse('no-conversation-code');
  return { row, conversation: await mustBeFound(needs, row.conversation_id as ConversationId) };
}

async function assertPassword(
  { password_hash }: ConversationCodeRow,
  password: string | undefined,
): Promise<void> {
  if (password_hash === null) return;
  if (password === undefined || !(await isCodePassword(password, password_hash)))
    throw refuse('invalid-conversation-password');
}
