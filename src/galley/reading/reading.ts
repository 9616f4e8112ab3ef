import type { CallOptions, FederationCaller } from '#contract/federation-caller.ts';
import type { BackendDomain, ConversationId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader } from '#storage';
import { byConversationDomain, type QualifiedConversation } from '../conversations/conversation.ts';
import type { ConversationLookup } from '../conversations/conversations.ts';
import { type ConversationView, ownView } from '../conversations/view.ts';
import { findMemberSettings } from '../members/member-store.ts';
import { findRemoteSettings } from '../members/remote-membership-store.ts';
import { askForConversations, remoteView } from './remote-view.ts';

/** What a user sees of its conversations (reference client-api 4.3). */
export interface Reading {
  /** @throws Refusal `no-conversation`, `access-denied`; a federated failure as it is. */
  get(user: UserId, id: QualifiedConversation, options?: CallOptions): Promise<ConversationView>;
  list(user: UserId, ids: readonly QualifiedConversation[], options?: CallOptions): Promise<Listed>;
}

export interface Listed {
  readonly found: readonly ConversationView[];
  readonly notFound: readonly QualifiedConversation[];
  /** Of backends that did not answer. */
  readonly failed: readonly QualifiedConversation[];
}

interface Needs {
  readonly ownDomain: BackendDomain;
  readonly reader: Reader;
  readonly conversations: ConversationLookup;
  readonly federation: FederationCaller;
}

export function createReading(needs: Needs): Reading {
  return {
    async get(user, id, options) {
      if (id.domain === needs.ownDomain) return getOwn(needs, user, id.id);
      const { found } = await listRemote(needs, user, id.domain, [id.id], options);
      const [view] = found;
      if (view === undefined) throw refuse('no-conversation');
      return view;
    },
    async list(user, ids, options) {
      const parts = [...byConversationDomain(ids)].map(([domain, some]) =>
        domain === needs.ownDomain
          ? listOwn(needs, user, some)
          : listRemoteOrFail(needs, user, domain, some, options),
      );
      const listed = await Promise.all(parts);
      return {
        found: listed.flatMap(({ found }) => found),
        notFound: listed.flatMap(({ notFound }) => notFound),
        failed: listed.flatMap(({ failed }) => failed),
      };
    },
  };
}

async function getOwn(needs: Needs, user: UserId, id: ConversationId): Promise<ConversationView> {
  if ((await needs.conversations.find(id)) === undefined) throw refuse('no-conversation');
  const view = await findOwn(needs, user, id);
  if (view === undefined) throw refuse('access-denied');
  return view;
}

async function findOwn(
  { ownDomain, reader, conversations }: Needs,
  user: UserId,
  id: ConversationId,
): Promise<ConversationView | undefined> {
  const conversation = await conversations.find(id);
  const role = conversation?.ownMembers.get(user);
  if (conversation === undefined || role === undefined) return undefined;
  const self = { user: { domain: ownDomain, id: user }, role };
  const settings = await findMemberSettings(reader, id, self.user);
  return ownView(conversation, ownDomain, self, settings);
}

async function listOwn(needs: Needs, user: UserId, ids: readonly ConversationId[]): Promise<Listed> {
  const views = await Promise.all(ids.map((id) => findOwn(needs, user, id)));
  return {
    found: views.filter((view) => view !== undefined),
    notFound: ids.filter((_id, index) => views[index] === undefined).map((id) => at(needs.ownDomain, id)),
    failed: [],
  };
}

async function listRemoteOrFail(
  needs: Needs,
  user: UserId,
  domain: BackendDomain,
  ids: readonly ConversationId[],
  options?: CallOptions,
): Promise<Listed> {
  const known = await settingsOf(needs, user, domain, ids);
  try {
    return await listRemote(needs, user, domain, ids, options);
  } catch {
    return {
      found: [],
      notFound: ids.filter((id) => !known.has(id)).map((id) => at(domain, id)),
      failed: ids.filter((id) => known.has(id)).map((id) => at(domain, id)),
    };
  }
}

/** The owner is asked only about conversations that the user is in as far as this backend knows. */
async function listRemote(
  needs: Needs,
  user: UserId,
  domain: BackendDomain,
  ids: readonly ConversationId[],
  options?: CallOptions,
): Promise<Listed> {
  const known = await settingsOf(needs, user, domain, ids);
  const self = { domain: needs.ownDomain, id: user };
  const told =
    known.size === 0
      ? new Map()
      : await askForConversations(needs.federation, domain, user, [...known.keys()], options);
  const found = [...known].flatMap(([id, settings]) => {
    const conversation = told.get(id);
    return conversation === undefined ? [] : [remoteView(at(domain, id), conversation, self, settings)];
  });
  const notFound = ids.filter((id) => !told.has(id)).map((id) => at(domain, id));
  return { found, notFound, failed: [] };
}

async function settingsOf(
  { reader }: Needs,
  user: UserId,
  domain: BackendDomain,
  ids: readonly ConversationId[],
) {
  const settings = await Promise.all(ids.map((id) => findRemoteSettings(reader, { domain, id }, user)));
  const known = new Map<ConversationId, NonNullable<(typeof settings)[number]>>();
  for (const [index, id] of ids.entries()) {
    const found = settings[index];
    if (found !== undefined) known.set(id, found);
  }
  return known;
}

function at(domain: BackendDomain, id: ConversationId): QualifiedConversation {
  return { domain, id };
}
