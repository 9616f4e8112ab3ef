import * as client from '#contract/client/users.ts';
import { type Handle, handlePattern, parseUuid, type Qualified, type UserId } from '#contract/ids.ts';
import type { UserProfile } from '#contract/profiles.ts';
import { refuse } from '#contract/refusal.ts';
import { handle, type RouteRequest, type ServedRoute } from '#contract/route.ts';
import { createUserLookup, type ListedUsers, type UserLookup, type UserLookupNeeds } from './user-lookup.ts';

/** The client routes that show other users (reference client-api 3.2). */
export function userRoutes(needs: UserLookupNeeds): readonly ServedRoute[] {
  const users = createUserLookup(needs);
  return [...singleRoutes(users, needs), ...listRoutes(users, needs)];
}

function singleRoutes(users: UserLookup, { ownDomain }: UserLookupNeeds): readonly ServedRoute[] {
  return [
    handle(client.getUser, async (request) => {
      const { domain, uid } = request.params;
      return { status: 200, body: await getProfile(users, request, { domain, id: uid }) };
    }),
    handle(client.getOwnDomainUser, async (request) => {
      const user = { domain: ownDomain, id: request.params.uid };
      return { status: 200, body: await getProfile(users, request, user) };
    }),
    handle(client.getUserSupportedProtocols, async (request) => {
      const { domain, uid } = request.params;
      const profile = await getProfile(users, request, { domain, id: uid });
      return { status: 200, body: [...(profile.supported_protocols ?? [])] };
    }),
    handle(client.getUserWithHandle, async (request) => {
      const { domain, handle: id } = request.params;
      return { status: 200, body: await getHolder(users, request, { domain, id }) };
    }),
    handle(client.getHandleOwner, async (request) => {
      const holder = await getHolder(users, request, { domain: ownDomain, id: request.params.handle });
      return { status: 200, body: { qualified_user: holder.qualified_id, user: holder.qualified_id.id } };
    }),
  ];
}

function listRoutes(users: UserLookup, { ownDomain }: UserLookupNeeds): readonly ServedRoute[] {
  return [
    handle(client.getUsers, async (request) => {
      const wanted = readUsersQuery(request.query);
      const listed =
        'ids' in wanted
          ? await users.list(request.user.userId, qualify(wanted.ids), request)
          : await listHolders(users, request, qualify(wanted.handles));
      return { status: 200, body: wholeOrNothing(listed) };
    }),
    handle(client.listUsersOrFail, async (request) => ({
      status: 200,
      body: wholeOrNothing(await listWanted(users, request)),
    })),
    handle(client.listUsers, async (request) => {
      const { found, failed } = await listWanted(users, request);
      const unknown = failed.flatMap((failure) => failure.users);
      return {
        status: 200,
        body: { found: [...found], ...(unknown.length === 0 ? {} : { failed: unknown }) },
      };
    }),
  ];

  function qualify<Id extends string>(ids: readonly Id[]): readonly Qualified<Id>[] {
    return ids.map((id) => ({ domain: ownDomain, id }));
  }
}

interface Asker {
  readonly user: { readonly userId: UserId };
  readonly requestId: string;
  readonly signal: AbortSignal;
}

async function getProfile(users: UserLookup, asker: Asker, user: Qualified<UserId>): Promise<UserProfile> {
  const profile = await users.find(asker.user.userId, user, asker);
  if (profile === undefined) throw refuse('not-found:user');
  return profile;
}

async function getHolder(users: UserLookup, asker: Asker, handle: Qualified<Handle>): Promise<UserProfile> {
  const profile = await users.findByHandle(asker.user.userId, handle, asker);
  if (profile === undefined) throw refuse('not-found:handle');
  return profile;
}

type ListRequest = RouteRequest<typeof client.listUsers | typeof client.listUsersOrFail>;

async function listWanted(users: UserLookup, request: ListRequest): Promise<ListedUsers> {
  const { qualified_ids: ids, qualified_handles: handles } = request.body;
  if (ids !== undefined && handles === undefined) {
    return await users.list(request.user.userId, ids, request);
  }
  if (handles !== undefined && ids === undefined) {
    const named = handles.map(({ domain, handle }) => ({ domain, id: handle }));
    return await listHolders(users, request, named);
  }
  throw refuse('bad-request', {
    message: `exactly one of qualified_ids or qualified_handles must be provided, found ${ids ? 'both' : 'neither'}`,
  });
}

async function listHolders(
  users: UserLookup,
  asker: Asker,
  handles: readonly Qualified<Handle>[],
): Promise<ListedUsers> {
  return await users.list(asker.user.userId, await users.resolveHandles(handles), asker);
}

/** Before version 4 a failed backend fails the request, and so does finding nobody. */
function wholeOrNothing({ found, failed: [failure] }: ListedUsers): UserProfile[] {
  if (failure !== undefined) throw failure.cause;
  if (found.length === 0) {
    throw refuse('not-found', { message: 'None of the specified ids or handles match any users' });
  }
  return [...found];
}

const maxHandles = 4;
const handleSyntax = new RegExp(handlePattern);

/** Ids win over handles when both are given, as in wire-server. */
function readUsersQuery(query: {
  readonly ids?: string;
  readonly handles?: string;
}): { readonly ids: readonly UserId[] } | { readonly handles: readonly Handle[] } {
  if (query.ids !== undefined) return { ids: query.ids.split(',').map(readId) };
  if (query.handles === undefined) {
    throw refuse('bad-request', { message: 'at least one ids or handles must be provided' });
  }
  const handles = query.handles.split(',').map(readHandle);
  if (handles.length > maxHandles) {
    throw refuse('bad-request', {
      message: `query.handles: found ${handles.length} handles, expected 1 to ${maxHandles}`,
    });
  }
  return { handles };
}

function readId(text: string): UserId {
  const id = parseUuid<UserId>(text);
  if (id === undefined)
    throw refuse('bad-request', { message: 'query.ids: expected UUIDs separated by commas' });
  return id;
}

function readHandle(text: string): Handle {
  if (!handleSyntax.test(text)) {
    throw refuse('bad-request', { message: 'query.handles: expected handles separated by commas' });
  }
  return text as Handle;
}
