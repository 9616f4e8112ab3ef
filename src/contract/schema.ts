import { type Static, type TSchema, type TUnsafe, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  type AssetKey,
  assetKeyPattern,
  type BackendDomain,
  type ClientId,
  type ConversationId,
  clientIdPattern,
  domainPattern,
  type Handle,
  handlePattern,
  type ProviderId,
  type ServiceId,
  type TeamId,
  type UserId,
  uuidPattern,
} from './ids.ts';
import type { LabelKey } from './labels.ts';
import { leaveOutNulls } from './left-out.ts';
import { refuse } from './refusal.ts';

/** Keyword of ours: the text is brought into its canonical form when it is parsed (domains, UUIDs, client ids). */
const foldKeyword = 'x-fold';

const foldings = {
  lower: (text: string) => text.toLowerCase(),
  /** A number in hex: leading zeros say nothing. */
  hex: (text: string) => text.toLowerCase().replace(/^0+(?=.)/, ''),
} as const;
type Folding = keyof typeof foldings;

function branded<T extends string>(pattern: string, description: string, folding: Folding = 'lower') {
  return Type.Unsafe<T>(Type.String({ pattern, description, [foldKeyword]: folding }));
}

export const Domain = branded<BackendDomain>(domainPattern, 'a domain such as b.example.com');
export const UserIdSchema = branded<UserId>(uuidPattern, 'a UUID');
export const TeamIdSchema = branded<TeamId>(uuidPattern, 'a UUID');
export const ProviderIdSchema = branded<ProviderId>(uuidPattern, 'a UUID');
export const ServiceIdSchema = branded<ServiceId>(uuidPattern, 'a UUID');
export const ConversationIdSchema = branded<ConversationId>(uuidPattern, 'a UUID');
export const ClientIdSchema = branded<ClientId>(clientIdPattern, 'a client id, 1 to 16 hex digits', 'hex');
export const AssetKeySchema = branded<AssetKey>(assetKeyPattern, 'the key of an asset, 3-R-UUID');
/** Handles are never folded: an upper-case handle is not a handle (reference client-api 2.8). */
export const HandleSchema = Type.Unsafe<Handle>(
  Type.String({ pattern: handlePattern, description: '2 to 256 characters of a-z 0-9 _ . -' }),
);
/** RFC 3339 UTC with exactly three fraction digits. */
export const UtcMillis = Type.String({
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
  description: 'a UTC time with milliseconds',
});

/** `{"domain": …, "id": …}` of the given id. */
export function QualifiedOf<T extends TSchema>(id: T) {
  return Type.Object({ domain: Domain, id });
}

/** A map whose keys are ids or domains; another key is refused. */
export function MapOf<K extends string, T extends TSchema>(key: TUnsafe<K>, value: T) {
  return Type.Unsafe<Record<K, Static<T>>>(Type.Record(key, value, { additionalProperties: false }));
}

/** The value or null; on reading, a missing member is the same (reference 0.2). */
export function Nullable<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

const jsonBytesKeyword = 'x-json-bytes';

/**
 * The body of a client request or answer that is JSON of any kind and is kept as the bytes that it came in: the
 * handler is given them after they were found to be JSON.
 */
export const JsonBytes = Type.Unsafe<Uint8Array>(
  Type.Any({ description: 'any JSON value', [jsonBytesKeyword]: true }),
);

/** Whether a body's schema is `JsonBytes`. */
export function isJsonBytes(schema: TSchema): boolean {
  return (schema as Record<string, unknown>)[jsonBytesKeyword] === true;
}

/** A body as it came in, with the content type that says how to read it. */
export interface RawBody {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

const rawBodyKeyword = 'x-raw-body';

/** The body of a client request in one of these content types, which the handler reads itself. */
export function RawBodyOf(...contentTypes: readonly string[]) {
  return Type.Unsafe<RawBody>(Type.Any({ description: 'bytes', [rawBodyKeyword]: contentTypes }));
}

/** The content types of a `RawBodyOf`; undefined for any other schema. */
export function rawBodyTypes(schema: TSchema): readonly string[] | undefined {
  return (schema as Record<string, unknown>)[rawBodyKeyword] as readonly string[] | undefined;
}

/** A body that the handler reads while it comes in; it is never in memory as a whole. */
export interface StreamedBody {
  readonly contentType: string;
  /** Bytes of the whole body, when the request tells. */
  readonly announced: number | undefined;
  /** @throws Refusal when the body breaks off or comes too slowly */
  readonly bytes: AsyncIterable<Uint8Array>;
}

const streamedKeyword = 'x-streamed';

/** The body of a client request in one of these content types, handed over as a stream. The handler bounds its size. */
export function StreamedBodyOf(...contentTypes: readonly string[]) {
  return Type.Unsafe<StreamedBody>(
    Type.Any({ description: 'bytes', [rawBodyKeyword]: contentTypes, [streamedKeyword]: true }),
  );
}

/** An answer that is written while it is read, no faster than the caller takes it. One that fails is broken off. */
export const StreamedBytes = Type.Unsafe<AsyncIterable<Uint8Array>>(
  Type.Any({ description: 'bytes', [streamedKeyword]: true }),
);

/** Whether a schema is `StreamedBytes` or a `StreamedBodyOf`. */
export function isStreamed(schema: TSchema): boolean {
  return (schema as Record<string, unknown>)[streamedKeyword] === true;
}

/** `{}`: the answer of notifications. */
export const Empty = Type.Object({});

/** Turns an unknown value into `T`, or refuses. */
export interface Parser<T> {
  /** @param where what the value is called in messages: `body`, `query` … */
  parse(value: unknown, where: string): T;
}

/**
 * Compiles a schema once into a parser. What is wrong is refused with `label` and a message that names the field,
 * what was found and what was expected. Unknown members are ignored, as wire-server does, and null stands for a member
 * that is left out.
 */
export function compileParser<S extends TSchema>(
  schema: S,
  label: LabelKey = 'bad-request',
): Parser<Static<S>> {
  const compiled = Compile(schema);
  const fold = folder(schema);
  const finish = (value: unknown) => (fold === undefined ? value : fold(value)) as Static<S>;
  return {
    parse(value, where) {
      if (compiled.Check(value)) return finish(value);
      const read = leaveOutNulls(schema, value);
      if (read !== value && compiled.Check(read)) return finish(read);
      const errors = compiled.Errors(explainable(read));
      throw refuse(label, { message: explain(errors, read, where) });
    },
  };
}

type Fold = (value: unknown) => unknown;

/** The function that folds what the schema marks, or undefined when there is nothing to fold. */
function folder(schema: TSchema): Fold | undefined {
  const node = schema as Record<string, unknown>;
  const folding = node[foldKeyword];
  if (folding !== undefined) {
    const fold = foldings[folding as Folding];
    return (value) => (typeof value === 'string' ? fold(value) : value);
  }
  if (Array.isArray(node.anyOf)) return firstThatFolds(node.anyOf as TSchema[]);
  if (node.type === 'array') return foldItems(node.items);
  if (node.type === 'object') return foldMembers(node);
  return undefined;
}

/** In a union each alternative leaves alone what is not of its shape; members of one name fold alike in all. */
function firstThatFolds(alternatives: readonly TSchema[]): Fold | undefined {
  const folds = alternatives.map(folder).filter((fold) => fold !== undefined);
  if (folds.length === 0) return undefined;
  return (value) => folds.reduce((folded, fold) => fold(folded), value);
}

function foldItems(items: unknown): Fold | undefined {
  if (Array.isArray(items)) {
    const folds = items.map((item) => folder(item as TSchema));
    if (folds.every((fold) => fold === undefined)) return undefined;
    return (value) =>
      Array.isArray(value) ? value.map((item, index) => folds[index]?.(item) ?? item) : value;
  }
  const fold = items === undefined ? undefined : folder(items as TSchema);
  return fold && ((value) => (Array.isArray(value) ? value.map(fold) : value));
}

/** How the keys of a map are folded, by the pattern of the map. */
const keyFoldings = new Map<string, (text: string) => string>([
  [uuidPattern, foldings.lower],
  [domainPattern, foldings.lower],
  [clientIdPattern, foldings.hex],
]);

function foldMembers(node: Record<string, unknown>): Fold | undefined {
  const members = Object.entries((node.properties ?? {}) as Record<string, TSchema>)
    .map(([name, member]) => [name, folder(member)] as const)
    .filter((entry): entry is readonly [string, Fold] => entry[1] !== undefined);
  const [record] = Object.entries((node.patternProperties ?? {}) as Record<string, TSchema>);
  const foldValue = record && folder(record[1]);
  const foldKey = record && keyFoldings.get(record[0]);
  if (members.length === 0 && foldValue === undefined && foldKey === undefined) return undefined;
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const folded: Record<string, unknown> = record
      ? Object.fromEntries(
          Object.entries(value).map(([key, item]) => [
            foldKey ? foldKey(key) : key,
            foldValue ? foldValue(item) : item,
          ]),
        )
      : { ...value };
    for (const [name, fold] of members) if (name in folded) folded[name] = fold(folded[name]);
    return folded;
  };
}

/** Values of more parts than this are explained by the head of each list and of each map of many members. */
const explainedParts = 2_000;
const explainedItems = 20;
const manyMembers = 200;

/**
 * Finding out what is wrong costs a hundred times what finding out that something is does: for a body of 1 MiB, seconds.
 * So of a large value only the head of each list and map is looked at.
 */
function explainable(value: unknown): unknown {
  return partsOf(value, explainedParts) < explainedParts ? value : headOf(value);
}

/** Counts the values in a value; stops at `limit`. */
function partsOf(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const member of Array.isArray(value) ? value : Object.values(value)) {
    if (count >= limit) return count;
    count += partsOf(member, limit - count);
  }
  return count;
}

function headOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, explainedItems).map(headOf);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  const shown = members.length > manyMembers ? members.slice(0, explainedItems) : members;
  return Object.fromEntries(shown.map(([name, member]) => [name, headOf(member)]));
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: unknown;
  readonly message: string;
}

function explain(errors: readonly SchemaError[], value: unknown, where: string): string {
  const error = errors.find((candidate) => candidate.keyword !== 'anyOf') ?? errors[0];
  if (error === undefined) {
    return `${where}: a list is too long, or an item after its first ${explainedItems} is wrong`;
  }
  const found = describeFound(valueAt(value, error.instancePath));
  return `${where}${error.instancePath.replaceAll('/', '.')}: ${error.message}, found ${found}`;
}

function valueAt(value: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
}

/** A short, log-safe description: strings are cut, structures only named; secrets are never echoed whole. */
function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return `a string of ${value.length} characters`;
  return `the ${typeof value} ${String(value)}`;
}
