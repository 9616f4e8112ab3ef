import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TSchema } from 'typebox';
import { Asset, AssetRetention, AssetSettings, AssetToken, NewAssetToken } from '#contract/client/assets.ts';
import { AssetKeySchema, compileParser } from '#contract/schema.ts';

/**
 * wire-server's own golden values pass the schemas of assets as they are. They are not part of this repository:
 * CROSSWIRE_GOLDEN_DIR names the folder that holds `client/`.
 */

const goldenDir = process.env.CROSSWIRE_GOLDEN_DIR;
const skip = goldenDir === undefined ? 'CROSSWIRE_GOLDEN_DIR is not set' : false;

function golden(name: string): readonly (readonly [string, unknown])[] {
  const folder = join(goldenDir ?? '', 'client');
  const files = readdirSync(folder).filter((file) => file.startsWith(`testObject_${name}_`));
  assert.notEqual(files.length, 0, `no golden value of ${name}`);
  return files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8'))]);
}

const schemas: readonly [name: string, schema: TSchema][] = [
  ['Asset_asset', Asset],
  ['AssetKey_user', AssetKeySchema],
  ['AssetRetention_user', AssetRetention],
  ['AssetSettings_user', AssetSettings],
  ['AssetToken_user', AssetToken],
  ['NewAssetToken_user', NewAssetToken],
];

describe('golden values of assets', { skip }, () => {
  for (const [name, schema] of schemas) {
    it(`pass: ${name}`, () => {
      const parser = compileParser(schema);
      for (const [file, value] of golden(name)) assert.deepEqual(parser.parse(value, file), value, file);
    });
  }
});
