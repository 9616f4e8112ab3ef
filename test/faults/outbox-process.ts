import { createHttpTransport } from '#federator';
import { openSender } from '../federation/outbox-rig.ts';

/** Delivers what is in a database through a federator's outward side, until it is killed. */

const [url = '', outward = ''] = process.argv.slice(2);
const leaseMs = 500;
const transport = createHttpTransport({ url: outward });
const sender = await openSender({
  url,
  wire: transport,
  settings: { leaseMs, pollMs: 50, bundleRows: 16, concurrentBundles: 2 },
});
process.stdout.write('open\n');
// The timers of an outbox keep no process alive.
const alive = setInterval(() => undefined, 1_000);
process.once('SIGTERM', () => {
  clearInterval(alive);
  void sender[Symbol.asyncDispose]().then(() => transport[Symbol.asyncDispose]());
});
