import type { Route, RouteRequest } from '#contract/route.ts';

/** The cookies of a request, in its order. */
export function parseCookies(header: string | undefined): RouteRequest<Route>['cookies'] {
  if (header === undefined) return [];
  return header.split(';').flatMap((pair) => {
    const equals = pair.indexOf('=');
    if (equals === -1) return [];
    return [{ name: pair.slice(0, equals).trim(), value: pair.slice(equals + 1).trim() }];
  });
}
