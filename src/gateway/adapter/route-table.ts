import { Type } from 'typebox';
import type { LabelKey } from '#contract/labels.ts';
import { inVersion, type Method, type Route, type ServedRoute, versionRange } from '#contract/route.ts';
import { compileParser, type Parser } from '#contract/schema.ts';

/** One served route with its parsers, which are compiled when the first request needs them. */
export interface Variant {
  readonly route: Route;
  readonly handler: ServedRoute['handler'];
  /** Names of the path captures, in the order of the path. */
  readonly captures: readonly string[];
  readonly params: Parser<unknown>;
  readonly query: Parser<unknown>;
  readonly body: Parser<unknown> | undefined;
}

/** All routes of one path, whatever their captures are called. */
export interface Endpoint {
  /** The path with numbered captures: `/users/:0/:1`. */
  readonly pattern: string;
  /** The path as first declared, for metrics. */
  readonly name: string;
  /** The route for a method at a client API version; a HEAD without its own is answered as the GET. */
  find(method: string, version: number): Variant | undefined;
  /** The methods that a version has here. */
  methodsAt(version: number): readonly Method[];
}

/** Groups routes by path. Throws when two routes claim one method and path in the same version. */
export function createRouteTable(served: readonly ServedRoute[]): readonly Endpoint[] {
  const byPattern = Map.groupBy(served.map(toVariant), ({ route }) => patternOf(route.path));
  return [...byPattern].map(([pattern, variants]) => {
    assertDisjoint(variants);
    return toEndpoint(pattern, variants);
  });
}

function toEndpoint(pattern: string, variants: readonly Variant[]): Endpoint {
  const exact = (method: string, version: number) =>
    variants.find(({ route }) => route.method === method && inVersion(route, version));
  return {
    pattern,
    name: variants[0]?.route.path ?? pattern,
    find: (method, version) =>
      exact(method, version) ?? (method === 'HEAD' ? exact('GET', version) : undefined),
    methodsAt: (version) =>
      variants.filter(({ route }) => inVersion(route, version)).map(({ route }) => route.method),
  };
}

function toVariant({ route, handler }: ServedRoute): Variant {
  const captures = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
  const declared = Object.keys(route.params ?? {});
  if (captures.toSorted().join() !== declared.toSorted().join()) {
    throw new Error(
      `${route.method} ${route.path}: the schemas of its captures are for ${declared.join(', ')}`,
    );
  }
  const { body } = route;
  return {
    route,
    handler,
    captures,
    params: membersParser(route.params, 'no-endpoint'),
    query: membersParser(route.query, 'bad-request'),
    body: body === undefined ? undefined : new Lazy(() => compileParser(body)),
  };
}

const noMembers: Parser<unknown> = { parse: (value) => value };

function membersParser(schemas: Route['params'], label: LabelKey): Parser<unknown> {
  if (schemas === undefined || Object.keys(schemas).length === 0) return noMembers;
  return new Lazy(() => compileParser(Type.Object({ ...schemas }), label));
}

/** A parser that is compiled on first use: a start compiles nothing. */
class Lazy<T> implements Parser<T> {
  readonly #compile: () => Parser<T>;
  #compiled: Parser<T> | undefined;

  constructor(compile: () => Parser<T>) {
    this.#compile = compile;
  }

  parse(value: unknown, where: string): T {
    this.#compiled ??= this.#compile();
    return this.#compiled.parse(value, where);
  }
}

function patternOf(path: string): string {
  let count = 0;
  return path.replace(/:\w+/g, () => `:${count++}`);
}

function assertDisjoint(variants: readonly Variant[]): void {
  for (const [index, { route }] of variants.entries()) {
    const twin = variants.slice(index + 1).find((other) => overlaps(route, other.route));
    if (twin) throw new Error(`${route.method} ${route.path} is served twice in one API version`);
  }
}

function overlaps(one: Route, other: Route): boolean {
  const [from, until] = versionRange(one);
  const [otherFrom, otherUntil] = versionRange(other);
  return one.method === other.method && from < otherUntil && otherFrom < until;
}
