import { type Static, type TSchema, Type } from 'typebox';
import { type BackendDomain, domainPattern, type InfrastructureDomain } from '#contract/ids.ts';

/**
 * How one value of the configuration file is declared: a schema that carries, beside its type, what the value is for
 * (`about`), why the default is what it is (`reason`), and what a message says was expected.
 * The loader and the generated `docs/config.md` read the same declaration.
 */
export interface Setting {
  readonly about: string;
  /** Used when the file does not have the key. */
  readonly default?: unknown;
  readonly reason?: string;
  /** `a port, 0 to 65535`: completes "expected …". */
  readonly expected?: string;
}

/** Keyword of ours: the text is a path relative to the configuration file. */
export const pathKeyword = 'x-path';
/** Keyword of ours: the text may stand in the file, in a variable or in another file. */
export const secretKeyword = 'x-secret';
/** Keyword of ours: the text is folded to lower case. */
export const foldKeyword = 'x-fold';

export function text(setting: Setting) {
  return Type.String({ minLength: 1, expected: 'a text', ...setting });
}

export function flag(setting: Setting) {
  return Type.Boolean({ expected: 'true or false', ...setting });
}

export function count(setting: Setting & { readonly minimum?: number; readonly maximum?: number }) {
  const from = setting.minimum ?? 0;
  const to = setting.maximum ?? Number.MAX_SAFE_INTEGER;
  const range = setting.maximum === undefined ? `${from} or more` : `${from} to ${to}`;
  return Type.Integer({ expected: `a whole number, ${range}`, ...setting, minimum: from, maximum: to });
}

export function choice<const T extends readonly string[]>(values: T, setting: Setting) {
  return Type.Unsafe<T[number]>({
    type: 'string',
    enum: values,
    expected: `one of ${values.join(', ')}`,
    ...setting,
  });
}

export function list<S extends TSchema>(items: S, setting: Setting) {
  return Type.Unsafe<readonly Static<S>[]>(Type.Array(items, { expected: 'a list', ...setting }));
}

export function path(setting: Setting) {
  return Type.String({
    minLength: 1,
    expected: 'a path, relative to this file',
    ...setting,
    [pathKeyword]: true,
  });
}

/** A text that should not stand in the file: `{ env: NAME }` or `{ file: PATH }` are accepted in its place. */
export function secret(setting: Setting & { readonly pattern?: string }) {
  const expected = setting.expected ?? 'a text';
  return Type.Unsafe<string>({
    type: 'string',
    minLength: 1,
    ...setting,
    expected: `${expected}, or { env: NAME } or { file: PATH }`,
    [secretKeyword]: true,
  });
}

export function backendDomain(setting: Setting) {
  return Type.Unsafe<BackendDomain>({
    type: 'string',
    pattern: domainPattern,
    expected: 'a domain such as b.example.com',
    ...setting,
    [foldKeyword]: true,
  });
}

export function infrastructureDomain(setting: Setting) {
  return Type.Unsafe<InfrastructureDomain>({
    type: 'string',
    pattern: domainPattern,
    expected: 'a host name such as wire.example.com',
    ...setting,
    [foldKeyword]: true,
  });
}

/** A group of settings. A group whose members all have defaults may be left out of the file. */
export function group<P extends Readonly<Record<string, TSchema>>>(about: string, members: P) {
  return Type.Object(members, { about, expected: 'a group of settings', additionalProperties: false });
}
