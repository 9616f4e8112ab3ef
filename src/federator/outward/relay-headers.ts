import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { federationHeaders } from '#contract/rpc-transport.ts';

/** Headers of one connection, which HTTP/2 forbids (RFC 9113 8.2.2), and what is between a component and us only. */
const notRelayed = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'te',
  'trailer',
  'expect',
  federationHeaders.session,
  // The remote's ingress speaks for certificates, nobody else.
  federationHeaders.certificate,
]);

/**
 * Head of the request to the remote (reference federation-api 1.2.4): all of the component's headers, and the request
 * id. A missing id is made up and sent under both names, so that the logs of both sides share it.
 */
export function remoteHead(
  headers: IncomingHttpHeaders | Readonly<Record<string, string>>,
  authority: string,
  path: string,
): OutgoingHttpHeaders {
  const head: OutgoingHttpHeaders = {
    ':method': 'POST',
    ':scheme': 'https',
    ':authority': authority,
    ':path': path,
  };
  for (const name in headers) {
    if (name.charCodeAt(0) !== colon && !notRelayed.has(name)) head[name] = headers[name];
  }
  const given = headers[federationHeaders.requestId];
  const requestId = typeof given === 'string' && given !== '' ? given : randomUUID();
  head[federationHeaders.requestId] = requestId;
  head['request-id'] = requestId;
  return head;
}

/** All headers of the remote's answer except what belongs to its connection (reference 1.2.5). */
export function answerHead(headers: IncomingHttpHeaders): Record<string, string | readonly string[]> {
  const head: Record<string, string | readonly string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined && name.charCodeAt(0) !== colon && !notRelayed.has(name)) head[name] = value;
  }
  return head;
}

const colon = 58;
