/**
 * HTTP as the federator's listeners speak it: one request object for HTTP/1.1 and HTTP/2, with the limits and deadlines
 * that a caller is held to. It knows nothing of paths, domains or certificates.
 *
 * `openPlainListener` is a cleartext port for both protocols. `HttpAcceptor` speaks them on sockets that were accepted
 * elsewhere: after a TLS handshake, call `accept(socket, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1')`.
 */
export { answerThrown } from './answer-refusal.ts';
export { announcedBytes, bodyTooLarge } from './body.ts';
export { HttpAcceptor } from './http-acceptor.ts';
export { type AnswerHeaders, type HttpRequest, plainAddress } from './http-request.ts';
export { defaultHttpLimits, type HttpLimits } from './limits.ts';
export { openPlainListener, type PlainListener } from './plain-listener.ts';
