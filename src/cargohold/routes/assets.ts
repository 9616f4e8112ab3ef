import * as client from '#contract/client/assets.ts';
import type { AssetKey, BackendDomain, Qualified, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';
import { type AuthenticatedProvider, handle, type RouteRequest, type ServedRoute } from '#contract/route.ts';
import type { StreamedBody } from '#contract/schema.ts';
import { deleteAsset, deleteToken, renewToken } from '../assets/changes.ts';
import {
  type AssetConditions,
  assetHeaders,
  bytesHeaders,
  type DownloadNeeds,
  findReadable,
  guardedHeaders,
  isKnown,
  openBytes,
  rangeOf,
} from '../assets/download.ts';
import { mustBeAvailable, type RemoteFiles, streamRemote } from '../assets/remote-assets.ts';
import { type UploadNeeds, upload } from '../assets/upload.ts';
import { downloadBegun } from '../telemetry.ts';

/** What the routes need to know of the users who upload. */
export interface UserStatus {
  /** An account that is neither ephemeral, nor suspended, nor pending. */
  isActive(user: UserId): Promise<boolean>;
}

export interface AssetRouteNeeds extends UploadNeeds, DownloadNeeds {
  readonly users: UserStatus;
  readonly federation: RemoteFiles | undefined;
}

type Key = Qualified<AssetKey>;
/** Whose files they are: a user's, among them bots, or a provider's. */
interface Owner {
  readonly userId: UserId;
}
type Request = Pick<RouteRequest<typeof client.getAsset>, 'query' | 'headers' | 'requestId' | 'signal'> & {
  readonly user: Owner;
};

/** The client routes of assets (reference client-api 7). */
export function assetRoutes(needs: AssetRouteNeeds): readonly ServedRoute[] {
  return [...userRoutes(needs), ...serviceRoutes(needs)];
}

/** Of bots and providers. */
function serviceRoutes(needs: AssetRouteNeeds): readonly ServedRoute[] {
  const own = (key: AssetKey): Key => ({ domain: needs.ownDomain, id: key });
  // Ids of providers are none of users, but name the owner of a file as well.
  const owner = ({ provider }: AuthenticatedProvider): Owner => ({ userId: provider as string as UserId });
  return [
    handle(client.uploadBotAsset, ({ user, body }) => postOfUser(needs, user, body)),
    handle(client.getBotAsset, (request) => download(needs, request, own(request.params.key))),
    handle(client.deleteBotAsset, ({ user, params }) => remove(needs, user, own(params.key))),
    handle(client.uploadProviderAsset, ({ user, body }) => post(needs, owner(user), body)),
    handle(client.getProviderAsset, (request) =>
      download(needs, { ...request, user: owner(request.user) }, own(request.params.key)),
    ),
    handle(client.deleteProviderAsset, ({ user, params }) => remove(needs, owner(user), own(params.key))),
  ];
}

/** Each also under its path of before version 2. */
function userRoutes(needs: AssetRouteNeeds): readonly ServedRoute[] {
  const own = (key: AssetKey): Key => ({ domain: needs.ownDomain, id: key });
  const at = ({ domain, key }: { readonly domain: BackendDomain; readonly key: AssetKey }): Key => ({
    domain,
    id: key,
  });
  return [
    handle(client.uploadAsset, ({ user, body }) => postOfUser(needs, user, body)),
    handle(client.uploadAssetV3, ({ user, body }) => postOfUser(needs, user, body)),
    handle(client.getAsset, (request) => download(needs, request, at(request.params))),
    handle(client.getAssetV4, (request) => download(needs, request, at(request.params))),
    handle(client.getAssetV3, (request) => download(needs, request, own(request.params.key))),
    handle(client.headAsset, (request) => describe(needs, request, at(request.params))),
    handle(client.headAssetV4, (request) => describe(needs, request, at(request.params))),
    handle(client.headAssetV3, (request) => describe(needs, request, own(request.params.key))),
    handle(client.deleteAsset, ({ user, params }) => remove(needs, user, at(params))),
    handle(client.deleteAssetV4, ({ user, params }) => remove(needs, user, at(params))),
    handle(client.deleteAssetV3, ({ user, params }) => remove(needs, user, own(params.key))),
    handle(client.renewAssetToken, ({ user, params }) => renew(needs, user, params.key)),
    handle(client.renewAssetTokenV3, ({ user, params }) => renew(needs, user, params.key)),
    handle(client.deleteAssetToken, ({ user, params }) => makePublic(needs, user, params.key)),
    handle(client.deleteAssetTokenV3, ({ user, params }) => makePublic(needs, user, params.key)),
  ];
}

async function postOfUser(needs: AssetRouteNeeds, owner: Owner, body: StreamedBody) {
  if (!(await needs.users.isActive(owner.userId))) throw refuse('unverified-user');
  return await post(needs, owner, body);
}

async function post(needs: AssetRouteNeeds, { userId }: Owner, body: StreamedBody) {
  const asset = await upload(needs, userId, body);
  const location = `assets/v4/${asset.domain}/${asset.key}`;
  return { status: 201 as const, headers: { location }, body: asset };
}

async function download(needs: AssetRouteNeeds, request: Request, key: Key) {
  const conditions = conditionsOf(request);
  if (key.domain !== needs.ownDomain) return downloadRemote(needs, request, key, conditions.token);
  const asset = await findReadable(needs, request.user.userId, key.id, conditions.token);
  if (isKnown(asset, conditions)) return { status: 304 as const, headers: assetHeaders(asset) };
  const range = rangeOf(asset, conditions);
  const body = await openBytes(needs.store, asset, { range, signal: request.signal });
  downloadBegun('own');
  const headers = bytesHeaders(asset, range);
  return range === undefined
    ? { status: 200 as const, headers, body }
    : { status: 206 as const, headers, body };
}

async function downloadRemote(needs: AssetRouteNeeds, request: Request, key: Key, token: string | null) {
  const { requestId, signal } = request;
  const { federation } = needs;
  const { userId } = request.user;
  await mustBeAvailable(federation, userId, key, token, { requestId, signal });
  const body = await streamRemote(federation, userId, key, token, { requestId, signal });
  downloadBegun('from-remote');
  return { status: 200 as const, headers: remoteHeaders, body };
}

const remoteHeaders = { ...guardedHeaders, 'content-type': 'application/octet-stream' };

async function describe(needs: AssetRouteNeeds, request: Request, key: Key) {
  const conditions = conditionsOf(request);
  const { requestId, signal } = request;
  const { userId } = request.user;
  if (key.domain !== needs.ownDomain) {
    await mustBeAvailable(needs.federation, userId, key, conditions.token, { requestId, signal });
    return { status: 200 as const, headers: remoteHeaders };
  }
  const asset = await findReadable(needs, userId, key.id, conditions.token);
  if (isKnown(asset, conditions)) return { status: 304 as const, headers: assetHeaders(asset) };
  return { status: 200 as const, headers: bytesHeaders(asset) };
}

async function remove(needs: AssetRouteNeeds, { userId }: Owner, key: Key) {
  if (key.domain !== needs.ownDomain) throw refuse('federation-not-implemented');
  await deleteAsset(needs, userId, key.id);
  return { status: 200 as const };
}

async function renew(needs: AssetRouteNeeds, { userId }: Owner, key: AssetKey) {
  return { status: 200 as const, body: { token: await renewToken(needs, userId, key) } };
}

async function makePublic(needs: AssetRouteNeeds, { userId }: Owner, key: AssetKey) {
  await deleteToken(needs, userId, key);
  return { status: 200 as const };
}

function conditionsOf({ headers, query }: Request): AssetConditions {
  return {
    token: headers['asset-token'] ?? query.asset_token ?? null,
    range: headers.range,
    ifRange: headers['if-range'],
    ifNoneMatch: headers['if-none-match'],
  };
}
