import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { reasonOf } from '../terminal/failure.ts';
import { describe, nearest, type Problem } from './problems.ts';
import { foldKeyword, pathKeyword, secretKeyword } from './setting.ts';

/** Where a configuration comes from: paths are relative to `directory`, secrets may be in `environment`. */
export interface Source {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A schema as JSON Schema writes it, with the keywords of `setting.ts`. */
interface Node {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly expected?: string;
  readonly [pathKeyword]?: boolean;
  readonly [secretKeyword]?: boolean;
  readonly [foldKeyword]?: boolean;
}

/**
 * Checks a parsed document against a schema and fills in what is left out. Collects every problem rather than the
 * first one, so that an operator mends a file in one go.
 */
export function readSettings(
  schema: TSchema,
  document: unknown,
  source: Source,
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const value = new SettingsReader(source, problems).read(schema as Node, document, '');
  return { value, problems };
}

class SettingsReader {
  readonly #source: Source;
  readonly #problems: Problem[];

  constructor(source: Source, problems: Problem[]) {
    this.#source = source;
    this.#problems = problems;
  }

  read(node: Node, found: unknown, path: string): unknown {
    if (node.properties !== undefined && node.type === 'object') return this.#group(node, found, path);
    if (node.type === 'array') return this.#list(node, found, path);
    const value = node[secretKeyword] ? this.#secret(node, found, path) : found;
    if (value === failed) return undefined;
    if (!Value.Check(node as TSchema, value)) {
      this.#wrong(node, node[secretKeyword] ? 'a secret of another form' : describe(value), path, value);
      return undefined;
    }
    if (typeof value !== 'string') return value;
    if (node[pathKeyword]) return resolve(this.#source.directory, value);
    return node[foldKeyword] ? value.toLowerCase() : value;
  }

  #group(node: Node, found: unknown, path: string): unknown {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) {
      this.#wrong(node, describe(found), path, found);
      return undefined;
    }
    const members = node.properties ?? {};
    const document = found as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(document))
      if (!Object.hasOwn(members, key)) this.#unknown(key, Object.keys(members), path);
    const value: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(members)) {
      const at = path === '' ? key : `${path}.${key}`;
      const given = document[key] ?? undefined;
      if (given !== undefined) value[key] = this.read(member, given, at);
      else if (member.default !== undefined) value[key] = this.read(member, member.default, at);
      else if (node.required?.includes(key))
        value[key] = isGroup(member) ? this.read(member, {}, at) : this.#missing(member, at);
    }
    return value;
  }

  #list(node: Node, found: unknown, path: string): unknown {
    if (!Array.isArray(found)) {
      this.#wrong(node, describe(found), path, found);
      return undefined;
    }
    const items = node.items ?? {};
    return found.map((item, index) => this.read(items, item, `${path}[${index}]`));
  }

  /** A secret stands in the file itself, in a variable or in a file of its own. */
  #secret(node: Node, found: unknown, path: string): unknown {
    if (typeof found !== 'object' || found === null) return found;
    const { env, file } = found as { readonly env?: unknown; readonly file?: unknown };
    if (Object.keys(found).length === 1 && typeof env === 'string') {
      const value = this.#source.environment[env];
      return value ?? this.#fail(path, `the environment variable ${env} is not set`);
    }
    if (Object.keys(found).length === 1 && typeof file === 'string') {
      const at = resolve(this.#source.directory, file);
      try {
        return readFileSync(at, 'utf8').trimEnd();
      } catch (cause) {
        return this.#fail(path, `the file ${at} cannot be read: ${reasonOf(cause)}`);
      }
    }
    return this.#fail(path, `found ${describe(found)}, expected ${node.expected}`);
  }

  #unknown(key: string, known: readonly string[], path: string): void {
    const meant = nearest(key, known);
    const hint = meant === undefined ? `; known here: ${known.join(', ')}` : `; did you mean "${meant}"?`;
    this.#fail(path === '' ? key : `${path}.${key}`, `is not a setting${hint}`);
  }

  #missing(node: Node, path: string): undefined {
    this.#fail(path, `is missing, expected ${node.expected ?? 'a value'}`);
    return undefined;
  }

  #wrong(node: Node, found: string, path: string, value: unknown): void {
    const meant = typeof value === 'string' && node.enum ? nearest(value, node.enum) : undefined;
    const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
    this.#fail(path, `found ${found}, expected ${node.expected ?? 'another value'}${hint}`);
  }

  #fail(path: string, message: string): typeof failed {
    this.#problems.push({ path, message });
    return failed;
  }
}

const failed = Symbol('failed');

function isGroup(node: Node): boolean {
  return node.properties !== undefined && node.type === 'object';
}
