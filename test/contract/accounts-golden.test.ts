import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { TSchema } from 'typebox';
import { Cookie, CookieList } from '#contract/client/cookies.ts';
import { CheckHandles } from '#contract/client/handles.ts';
import { AccessToken, Login } from '#contract/client/login.ts';
import { Locale, NewUser } from '#contract/client/registration.ts';
import { HandleUpdate } from '#contract/client/self.ts';
import { SelfProfile } from '#contract/profiles.ts';
import { compileParser } from '#contract/schema.ts';

/**
 * wire-server's own golden values pass the schemas of the account routes as they are. They are not part of this
 * repository: CROSSWIRE_GOLDEN_DIR names the folder that holds `client/`.
 */

const goldenDir = process.env.CROSSWIRE_GOLDEN_DIR;
const skip = goldenDir === undefined ? 'CROSSWIRE_GOLDEN_DIR is not set' : false;

function golden(name: string): readonly (readonly [string, unknown])[] {
  const folder = join(goldenDir ?? '', 'client');
  const files = readdirSync(folder).filter((file) => file.startsWith(`testObject_${name}_user_`));
  assert.notEqual(files.length, 0, `no golden value of ${name}`);
  return files.map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8'), withMillis)]);
}

/** Times of cookies come with twelve digits of a second; this backend writes three, as for all other times. */
function withMillis(_key: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\d*Z$/, '$1Z');
}

const schemas: readonly [name: string, schema: TSchema][] = [
  ['NewUser', NewUser],
  ['NewUserPublic', NewUser],
  ['SelfProfile', SelfProfile],
  ['Login', Login],
  ['AccessToken', AccessToken],
  ['Cookie_20_28_29', Cookie],
  ['CookieList', CookieList],
  ['CheckHandles', CheckHandles],
  ['HandleUpdate', HandleUpdate],
  ['Locale', Locale],
];

describe('golden values of accounts', { skip }, () => {
  for (const [name, schema] of schemas) {
    it(`pass: ${name}`, () => {
      const parser = compileParser(schema);
      for (const [file, value] of golden(name)) assert.deepEqual(parser.parse(value, file), value, file);
    });
  }
});
