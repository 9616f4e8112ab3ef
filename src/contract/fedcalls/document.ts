import { generatedNotice, lines, table } from '../markdown.ts';
import type { Route } from '../route.ts';
import { clientApiVersions, inVersion } from '../route.ts';
import type { Rpc } from '../rpc.ts';
import { type FederatedCall, federatedCalls } from './caused.ts';
import { type UncausedCalls, uncausedCalls } from './uncaused.ts';

/** Where a federated call of a route is tested; undefined when it is not. */
export type TestOf = (route: Route, rpc: Rpc) => string | undefined;

/** `docs/fedcalls.md`: which calls of clients cause which federated calls, and where each is tested. */
export function fedcallsDocument(testOf: TestOf): string {
  return lines(
    '# Client calls and federated calls',
    '',
    generatedNotice,
    '',
    'What the calls of clients, and of the internal interface, make this backend ask or tell others. A client waits for',
    'what is *answered* or *streamed*; what is *queued* arrives later, also at a backend that is down. Each row is played by',
    'its test with the other backend up, down, and back.',
    '',
    table(
      ['client call', 'versions', 'federated call', 'delivery', 'when', 'test'],
      federatedCalls.map((call) => causedRow(call, testOf)),
    ),
    '',
    '## What does not happen',
    '',
    "Rows of the specification's table (made from types, which say what a handler could call) that have no cause.",
    '',
    table(['client call', 'federated call', 'because'], uncausedCalls.map(uncausedRow)),
  );
}

function causedRow({ route, rpc, when }: FederatedCall, testOf: TestOf): readonly string[] {
  const test = testOf(route, rpc);
  return [
    `\`${nameOf(route)}\``,
    versionsOf(route),
    `${rpc.component} \`${rpc.name}\``,
    rpc.delivery,
    when,
    test === undefined ? 'none' : `\`${test}\``,
  ];
}

function uncausedRow({ routes, rpcs, because }: UncausedCalls): readonly string[] {
  return [
    routes?.map((route) => `\`${nameOf(route)}\``).join(', ') ?? 'any',
    rpcs?.map((rpc) => `\`${rpc}\``).join(', ') ?? 'any',
    because,
  ];
}

function nameOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`;
}

function versionsOf(route: Route): string {
  if (route.auth === 'internal') return 'internal';
  const versions = clientApiVersions.stable.filter((version) => inVersion(route, version));
  const [first, last] = [versions.at(0), versions.at(-1)];
  return first === last ? `v${first}` : `v${first} to v${last}`;
}
