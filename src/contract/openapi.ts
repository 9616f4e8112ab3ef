import { type TSchema, Type } from 'typebox';
import { clientApiVersions, inVersion, type Route } from './route.ts';
import { isStreamed, rawBodyTypes } from './schema.ts';

export interface OpenApiOptions {
  /** Client API version that is described: routes outside their range are left out. */
  readonly version: number;
  /** Backend domain, for the title. */
  readonly domain: string;
}

/** Body of every error answer (reference client-api 1.3). */
const ErrorSchema = Type.Object({
  code: Type.Integer(),
  label: Type.String(),
  message: Type.String(),
});

/**
 * Describes routes in OpenAPI 3.1, which has JSON Schema as its schema language: the contract's schemas go in as they
 * are.
 */
export function describeRoutes(routes: readonly Route[], { version, domain }: OpenApiOptions): object {
  const described = routes.filter((route) => route.auth !== 'internal' && inVersion(route, version));
  const byPath = Map.groupBy(described, ({ path }) => path.replace(/:(\w+)/g, '{$1}'));
  const isStable = clientApiVersions.stable.includes(version);
  return {
    openapi: '3.1.0',
    info: {
      title: `Crosswire ${domain}`,
      version: `v${version}`,
      description: `Client API version ${version}${isStable ? '' : ' (under development)'}.`,
    },
    servers: [{ url: `/v${version}` }],
    paths: Object.fromEntries(
      [...byPath].map(([path, here]) => [
        path,
        Object.fromEntries(here.map((route) => [route.method.toLowerCase(), operation(route)])),
      ]),
    ),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: ErrorSchema },
    },
  };
}

function operation(route: Route): object {
  return {
    summary: route.about,
    tags: [route.path.split('/')[1] ?? ''],
    ...(route.auth !== 'anyone' && route.auth !== 'internal' ? { security: [{ token: [] }] } : {}),
    parameters: [...parameters('path', route.params), ...parameters('query', route.query)],
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: content(route.body) } }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.answers).map(([status, schema]) => [status, answer(schema)]),
      ),
      default: { description: 'Refused', content: json({ $ref: '#/components/schemas/Error' }) },
    },
  };
}

function parameters(place: 'path' | 'query', schemas: Route['params']): readonly object[] {
  return Object.entries(schemas ?? {}).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path' || !('~optional' in schema),
    schema,
  }));
}

function answer(schema: TSchema | null): object {
  if (schema === null) return { description: 'Done; no body' };
  const content = isStreamed(schema) ? { 'application/octet-stream': { schema } } : json(schema);
  return { description: 'Answered', content };
}

function content(schema: TSchema): object {
  const types = rawBodyTypes(schema) ?? ['application/json'];
  return Object.fromEntries(types.map((type) => [type, { schema }]));
}

function json(schema: TSchema | { readonly $ref: string }): object {
  return { 'application/json': { schema } };
}
