import type { BackendDomain, ConversationId, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import type { Reader } from '#storage';
import type { QualifiedConversation } from '../conversations/conversation.ts';
import { listConversationsOf } from '../members/member-store.ts';
import { listRemoteConversationsOf } from '../members/remote-membership-store.ts';

/** Pages through the ids of a user's conversations: own ones first, then those of other backends. */

export interface IdPage {
  readonly ids: readonly QualifiedConversation[];
  readonly hasMore: boolean;
  readonly state: string;
}

/** Where the next page starts: after this id among the own ones, or after this one among the others. */
interface Position {
  readonly part: 'own' | 'remote';
  readonly domain: string;
  readonly id: string;
}

const start: Position = { part: 'own', domain: '', id: '' };

/** @throws Refusal `bad-request` when the paging state is not one of ours. */
export async function listConversationIds(
  reader: Reader,
  self: { readonly domain: BackendDomain; readonly id: UserId },
  size: number,
  state: string | undefined,
): Promise<IdPage> {
  const from = state === undefined ? start : readState(state);
  if (from.part === 'own') {
    const ids = await listConversationsOf(reader, self, from.id, size);
    const last = ids.at(-1);
    const own = ids.map((id) => ({ domain: self.domain, id }));
    if (ids.length === size && last !== undefined) {
      return { ids: own, hasMore: true, state: writeState({ part: 'own', domain: '', id: last }) };
    }
    const rest = await listRemote(reader, self.id, { part: 'remote', domain: '', id: '' }, size - ids.length);
    return { ...rest, ids: [...own, ...rest.ids] };
  }
  return listRemote(reader, self.id, from, size);
}

async function listRemote(reader: Reader, user: UserId, from: Position, size: number): Promise<IdPage> {
  const ids = await listRemoteConversationsOf(reader, user, from, size + 1);
  const page = ids.slice(0, size);
  const last = page.at(-1) ?? from;
  const state = writeState({ part: 'remote', domain: last.domain, id: last.id });
  return { ids: page, hasMore: ids.length > size, state };
}

function writeState({ part, domain, id }: Position): string {
  return Buffer.from([part, domain, id].join('/')).toString('base64url');
}

function readState(state: string): Position {
  const [part, domain, id, ...rest] = Buffer.from(state, 'base64url').toString('utf8').split('/');
  if ((part !== 'own' && part !== 'remote') || domain === undefined || id === undefined || rest.length > 0)
    throw refuse('bad-request', { message: 'paging_state: expected the one of the page before' });
  return { part, domain, id };
}

/** Ids of the conversations owned here that come after `after`, as versions before 3 list them. */
export async function listOwnIds(
  reader: Reader,
  self: { readonly domain: BackendDomain; readonly id: UserId },
  size: number,
  after: ConversationId | undefined,
): Promise<{ readonly ids: readonly ConversationId[]; readonly hasMore: boolean }> {
  const ids = await listConversationsOf(reader, self, after ?? '', size + 1);
  return { ids: ids.slice(0, size), hasMore: ids.length > size };
}
