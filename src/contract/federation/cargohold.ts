import { Type } from 'typebox';
import { AssetToken } from '../client/assets.ts';
import { rpc } from '../rpc.ts';
import { AssetKeySchema, Nullable, StreamedBytes, UserIdSchema } from '../schema.ts';

/** Files of other backends (reference federation-api 5.5). */

const AssetRequest = Type.Object({
  /** Who asks; nothing is judged by it. */
  user: UserIdSchema,
  /** Of the asked backend. */
  key: AssetKeySchema,
  /** None for a public asset. */
  token: Type.Optional(Nullable(AssetToken)),
});
export type AssetRequest = Type.Static<typeof AssetRequest>;

export const getAsset = rpc('cargohold', 'get-asset', {
  about: 'Says whether a file is there and its token right.',
  input: AssetRequest,
  output: Type.Object({ available: Type.Boolean() }),
});

export const streamAsset = rpc('cargohold', 'stream-asset', {
  about: 'The bytes of a file.',
  input: AssetRequest,
  output: StreamedBytes,
  delivery: 'streamed',
});

export const cargoholdRpcs = { getAsset, streamAsset };
