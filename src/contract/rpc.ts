import type { Static, TSchema } from 'typebox';
import type { OriginDomain } from './ids.ts';
import { compileParser, type Parser } from './schema.ts';

/** The components that serve RPCs, as named on the wire. */
export const components = ['brig', 'galley', 'cargohold'] as const;
export type Component = (typeof components)[number];

/** Federation API versions that this backend speaks, newest last (reference federation-api 4.1). */
export const federationVersions = [0, 1] as const;
export const newestFederationVersion = 1;

/** `answered`: the caller waits for the value. `queued`: delivered through the outbox. `streamed`: answers bytes. */
export type Delivery = 'answered' | 'queued' | 'streamed';

/** An older payload of an RPC, spoken with remotes below version `until`. Made by `olderInput`. */
export interface OlderInput<Current> {
  readonly until: number;
  readonly schema: TSchema;
  readonly parse: Parser<unknown>;
  read(older: unknown): Current;
  write(current: Current): unknown;
}

/** Declares the form that an RPC's input had below version `until`, and the way between it and today's form. */
export function olderInput<S extends TSchema, Current>(
  until: number,
  schema: S,
  ways: { read(older: Static<S>): Current; write(current: Current): Static<S> },
): OlderInput<Current> {
  return {
    until,
    schema,
    parse: lazyParser(schema, 'bad-request'),
    read: (older) => ways.read(older as Static<S>),
    write: ways.write,
  };
}

interface Declaration<I extends TSchema, O extends TSchema, D extends Delivery> {
  readonly input: I;
  readonly output: O;
  readonly delivery?: D;
  /** First federation API version that has this RPC; 0 when not given. */
  readonly since?: number;
  readonly older?: OlderInput<Static<I>>;
  /** One sentence for `docs/rpcs.md`. */
  readonly about: string;
}

/** A federated call, declared once; handler, caller, validation and documents derive from it. */
export interface Rpc<
  I extends TSchema = TSchema,
  O extends TSchema = TSchema,
  D extends Delivery = Delivery,
> {
  readonly component: Component;
  readonly name: string;
  readonly input: I;
  readonly output: O;
  readonly delivery: D;
  readonly since: number;
  readonly older?: OlderInput<Static<I>>;
  readonly about: string;
  readonly parseInput: Parser<Static<I>>;
  readonly parseOutput: Parser<Static<O>>;
}

export type InputOf<R> = R extends Rpc<infer I, TSchema, Delivery> ? Static<I> : never;
export type OutputOf<R> = R extends Rpc<TSchema, infer O, Delivery> ? Static<O> : never;

/** Declares an RPC. The name follows `verb-object` (asks the owner) or `on-subject-past-verb` (the owner tells). */
export function rpc<I extends TSchema, O extends TSchema, D extends Delivery = 'answered'>(
  component: Component,
  name: string,
  declaration: Declaration<I, O, D>,
): Rpc<I, O, D> {
  return {
    component,
    name,
    input: declaration.input,
    output: declaration.output,
    delivery: declaration.delivery ?? ('answered' as D),
    since: declaration.since ?? 0,
    older: declaration.older,
    about: declaration.about,
    parseInput: lazyParser(declaration.input, 'bad-request'),
    parseOutput: lazyParser(declaration.output, 'federation-invalid-body'),
  };
}

/** Compiles on first use, so that declaring eighty contracts costs a start nothing. */
function lazyParser<S extends TSchema>(
  schema: S,
  label: Parameters<typeof compileParser>[1],
): Parser<Static<S>> {
  let compiled: Parser<Static<S>> | undefined;
  return {
    parse(value, where) {
      compiled ??= compileParser(schema, label);
      return compiled.parse(value, where);
    },
  };
}

/** What a handler knows of the caller. */
export interface RpcContext {
  /** The admitted domain: the only truth about who asks. */
  readonly origin: OriginDomain;
  readonly requestId: string;
  /** Negotiated federation API version of this request. */
  readonly version: number;
  /** The same on each attempt of one queued notification; absent when the sender has none. */
  readonly deliveryId: string | undefined;
  readonly signal: AbortSignal;
}

export type RpcHandler<R> = (context: RpcContext, input: InputOf<R>) => Promise<OutputOf<R>> | OutputOf<R>;

/** A notification as the handler is given it. */
export interface ReceivedCall<R> {
  readonly context: RpcContext;
  readonly input: InputOf<R>;
}

/**
 * How an RPC is handled of which many may arrive at once: notifications of one sender, in order, in one unit of work.
 * Either all are done or none is; then they come again one by one.
 */
export interface TogetherHandler<R> {
  together(calls: readonly ReceivedCall<R>[]): Promise<void>;
}

/** An RPC with its handler, as a part hands it to whoever dispatches. */
export interface ServedRpc {
  readonly rpc: Rpc;
  readonly handler: (context: RpcContext, input: never) => unknown;
  /** For those that can be handled many at once. */
  readonly together?: (calls: readonly ReceivedCall<never>[]) => Promise<void>;
}

/** A queued RPC that answers with nothing may be handled together. */
type HandlerOf<R> =
  R extends Rpc<TSchema, TSchema, 'queued'> ? RpcHandler<R> | TogetherHandler<R> : RpcHandler<R>;

/** One handler for each declaration: a missing or wrong one does not compile. */
export type HandlersOf<Declarations> = { readonly [K in keyof Declarations]: HandlerOf<Declarations[K]> };

/** Joins declarations and handlers into the table that a component serves. */
export function serveRpcs<Declarations extends Record<string, Rpc>>(
  declarations: Declarations,
  handlers: HandlersOf<Declarations>,
): readonly ServedRpc[] {
  return Object.entries(declarations).map(([key, declared]) => serve(declared, handlers[key] as AnyHandler));
}

type AnyHandler = ServedRpc['handler'] | { readonly together: NonNullable<ServedRpc['together']> };

function serve(rpc: Rpc, handler: AnyHandler): ServedRpc {
  if (typeof handler === 'function') return { rpc, handler };
  const together: ServedRpc['together'] = (calls) => handler.together(calls);
  const one: ServedRpc['handler'] = async (context, input) => {
    await handler.together([{ context, input }]);
    return {};
  };
  return { rpc, handler: one, together };
}
