import { assetTokenPattern } from '#contract/client/assets.ts';
import { getAsset, streamAsset } from '#contract/federation/cargohold.ts';
import type { CallOptions, FederationCaller, FederationStreamer } from '#contract/federation-caller.ts';
import type { AssetKey, Qualified, UserId } from '#contract/ids.ts';
import { refuse } from '#contract/refusal.ts';

export type RemoteFiles = FederationCaller & FederationStreamer;

const tokenSyntax = new RegExp(assetTokenPattern);

/**
 * Asks another backend for its asset (reference federation-api 7.9).
 * @throws Refusal `not-found:asset` when it is not there or the token is wrong; federation failures
 */
export async function mustBeAvailable(
  federation: RemoteFiles | undefined,
  user: UserId,
  { domain, id: key }: Qualified<AssetKey>,
  token: string | null,
  options: CallOptions,
): Promise<void> {
  const input = { user, key, token: spoken(token) };
  const { available } = await enabled(federation).call(domain, getAsset, input, options);
  if (!available) throw refuse('not-found:asset');
}

/** The bytes of an asset that is available. @throws Refusal for federation failures */
export function streamRemote(
  federation: RemoteFiles | undefined,
  user: UserId,
  { domain, id: key }: Qualified<AssetKey>,
  token: string | null,
  options: CallOptions,
): Promise<AsyncIterable<Uint8Array>> {
  return enabled(federation).stream(domain, streamAsset, { user, key, token: spoken(token) }, options);
}

/** A text that cannot be a token is a wrong one; the other backend need not be asked. */
function spoken(token: string | null): string | null {
  if (token !== null && !tokenSyntax.test(token)) throw refuse('not-found:asset');
  return token;
}

function enabled(federation: RemoteFiles | undefined): RemoteFiles {
  if (federation === undefined) throw refuse('federation-not-enabled');
  return federation;
}
