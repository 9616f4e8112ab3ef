import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { BackendDomain } from '#contract/ids.ts';
import { describeRoutes } from '#contract/openapi.ts';
import { clientApiVersions, type Route } from '#contract/route.ts';
import type { Target } from '../versions/version-prefix.ts';
import { documentationPage, pagePolicy } from './page.ts';

export interface DocumentationOptions {
  readonly routes: readonly Route[];
  readonly domain: BackendDomain;
  targetOf(request: FastifyRequest): Target;
}

const allVersions = [...clientApiVersions.stable, ...clientApiVersions.development];
const newestStable = Math.max(...clientApiVersions.stable);

/**
 * `GET /api/swagger.json` and `/api/swagger-ui`, for the version of the path; without one the newest stable version is
 * described, as wire-server does. Works for every version that exists, also for one that is off.
 */
export function serveDocumentation(app: FastifyInstance, options: DocumentationOptions): void {
  const texts = new Map<number, string>();
  const versionOf = (request: FastifyRequest) => {
    const target = options.targetOf(request);
    return target.versioned ? target.version : newestStable;
  };
  const textOf = (version: number) => {
    const text =
      texts.get(version) ??
      JSON.stringify(describeRoutes(options.routes, { version, domain: options.domain }));
    texts.set(version, text);
    return text;
  };
  app.get('/api/swagger.json', { config: { name: '/api/swagger.json' } }, (request, reply) =>
    reply.header('content-type', 'application/json').send(textOf(versionOf(request))),
  );
  app.get('/api/swagger-ui', { config: { name: '/api/swagger-ui' } }, (request, reply) =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', pagePolicy)
      .send(documentationPage(allVersions, versionOf(request))),
  );
}
