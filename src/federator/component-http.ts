import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Component } from '#contract/rpc.ts';
import {
  type ComponentRequest,
  type ComponentResponse,
  type ComponentTransport,
  federationHeaders,
} from '#contract/rpc-transport.ts';

/** Base URL of each component, `http://host:port`. */
export type ComponentUrls = Readonly<Partial<Record<Component, string>>>;

/**
 * The way to components in other processes (reference federation-api 1.3.3): HTTP/1.1 over kept connections, so that
 * wire-server's own components can stand there as well. Rejects when a component is not reachable or not configured.
 */
export function createComponentHttp(urls: ComponentUrls): ComponentTransport & AsyncDisposable {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  return {
    send: (call) => send(agent, urls, call),
    async [Symbol.asyncDispose]() {
      agent.destroy();
    },
  };
}

async function send(agent: Agent, urls: ComponentUrls, call: ComponentRequest): Promise<ComponentResponse> {
  const url = urls[call.component];
  if (url === undefined) throw new Error(`components.${call.component} is not configured`);
  const first = await exchange(agent, url, call);
  // The component closed a kept connection just as it was taken up again: the request is sent once more, on a new one.
  const answer = first === 'stale' ? await exchange(agent, url, call) : first;
  if (answer === 'stale') throw new Error(`the component at ${url} closes its connections`);
  return answer;
}

function exchange(agent: Agent, url: string, call: ComponentRequest): Promise<ComponentResponse | 'stale'> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(`${url}/federation/${call.rpc}`, {
      agent,
      method: 'POST',
      signal: call.signal,
      headers: {
        'content-type': 'application/json',
        'content-length': call.body.length,
        [federationHeaders.originDomain]: call.originDomain,
        [federationHeaders.requestId]: call.requestId,
        ...(call.version === undefined ? {} : { [federationHeaders.version]: call.version }),
        ...(call.deliveryId === undefined ? {} : { [federationHeaders.deliveryId]: call.deliveryId }),
      },
    });
    asked.on('response', (answer) => resolve(toResponse(answer)));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const isStale = asked.reusedSocket && error.code === 'ECONNRESET' && !call.signal.aborted;
      if (isStale) resolve('stale');
      else reject(error);
    });
    asked.end(call.body);
  });
}

function toResponse(answer: IncomingMessage): ComponentResponse {
  return {
    status: answer.statusCode ?? 0,
    contentType: answer.headers['content-type'],
    body: answer,
  };
}
