import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TSchema } from 'typebox';
import { Client, ClientUpdate, ClientV6, NewClient, RemovedClient } from '#contract/client/clients.ts';
import { claimPrekeys, claimPrekeysOrFail } from '#contract/client/prekeys.ts';
import { ClientPrekey, Prekey, PrekeyBundle, PrekeysByUser, PubClient } from '#contract/devices.ts';
import { compileParser } from '#contract/schema.ts';

/**
 * wire-server's own golden values pass the schemas of clients and prekeys as they are. They are not part of this
 * repository: CROSSWIRE_GOLDEN_DIR names the folder that holds `client/`.
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
  ['NewClient_user', NewClient],
  ['UpdateClient_user', ClientUpdate],
  ['RmClient_user', RemovedClient],
  ['Client_user', Client],
  ['ClientV5_user', ClientV6],
  ['PubClient_user', PubClient],
  ['Prekey_user', Prekey],
  ['LastPrekey_user', NewClient.properties.lastkey],
  ['ClientPrekey_user', ClientPrekey],
  ['PrekeyBundle_user', PrekeyBundle],
  ['UserClientPrekeyMap', PrekeysByUser],
  ['QualifiedUserClientPrekeyMap', claimPrekeysOrFail.answers[200]],
  ['QualifiedUserClientPrekeyMapV4', claimPrekeys.answers[200]],
];

describe('golden values of clients and prekeys', { skip }, () => {
  for (const [name, schema] of schemas) {
    it(`pass: ${name}`, () => {
      const parser = compileParser(schema);
      for (const [file, value] of golden(name)) assert.deepEqual(parser.parse(value, file), value, file);
    });
  }
});
