/** Which pages on other origins may call (official clients in a browser). */
export interface CorsOptions {
  /** Exact origins such as `https://app.example.com`; `any` lets every page call with the user's cookie. */
  readonly origins: readonly string[] | 'any';
}

type Headers = Readonly<Record<string, string>>;

const none: Headers = {};
const leastAllowed = 'authorization, content-type, content-encoding, tracestate';
const headerNames = /^[A-Za-z0-9_, -]{1,1000}$/;

/** Headers of every answer, errors too: without them a page sees a network error and asks again for ever. */
export function corsHeaders(origin: string | undefined, { origins }: CorsOptions): Headers {
  const vary: Headers = origins.length === 0 ? none : { vary: 'Origin' };
  if (origin === undefined || !(origins === 'any' || origins.includes(origin))) return vary;
  return {
    ...vary,
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'Request-Id, Location, Replay-Nonce',
  };
}

/** Further headers of the answer to `OPTIONS`. The requested header names are echoed, as nginz does. */
export function preflightHeaders(requested: string | undefined): Headers {
  const echoed = requested !== undefined && headerNames.test(requested) ? `, ${requested}` : '';
  return {
    'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
    'access-control-allow-headers': `${leastAllowed}${echoed}`,
    'access-control-max-age': '7200',
  };
}
