import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy that keeps what passes for a while, as a long way does: `delay-process.ts PORT TO ROUND_TRIP_MS`. */

const [port, to, roundTripMs] = process.argv.slice(2).map(Number);
const oneWayMs = (roundTripMs ?? 0) / 2;

function carry(from: Socket, into: Socket): void {
  from.on('data', (chunk) => setTimeout(() => into.write(chunk), oneWayMs));
  from.on('close', () => setTimeout(() => into.destroy(), oneWayMs));
  from.on('error', () => undefined);
}

createServer((incoming) => {
  const outgoing = connect(to ?? 0, '127.0.0.1');
  incoming.setNoDelay(true);
  outgoing.setNoDelay(true);
  carry(incoming, outgoing);
  carry(outgoing, incoming);
}).listen(port, '127.0.0.1', () => process.send?.({}));
process.once('SIGTERM', () => process.exit(0));
