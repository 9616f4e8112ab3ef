import type { Brig } from '#brig';
import type { Cargohold } from '#cargohold';
import type { ServedRpc } from '#contract/rpc.ts';
import type { ComponentTransport } from '#contract/rpc-transport.ts';
import { type FederationPolicy, type Federator, type OpenListener, policyRoutes } from '#federator';
import type { Galley } from '#galley';
import { createUpgrades, openGateway, openInternalListener } from '#gateway';
import type { Notifications } from '#notifications';
import type { Outbox } from '#outbox';
import type { Services } from '#services';
import type { Teams } from '#teams';
import type { Config } from './config.ts';
import { gatewayOptions } from './slices.ts';

/** Where the federator listens, if this process has one. */
export async function openDoorsOf(
  stack: AsyncDisposableStack,
  { listen }: Config,
  federator: Federator | undefined,
  components: ComponentTransport,
): Promise<readonly OpenListener[]> {
  if (federator === undefined) return [];
  const doors = stack.use(await federator.openDoors(listen, components));
  return doors.listeners;
}

export interface Served {
  readonly brig: Brig;
  readonly galley: Galley;
  readonly cargohold: Cargohold;
  readonly teams: Teams;
  readonly services: Services;
  readonly policy: FederationPolicy;
  readonly notifications: Notifications;
  readonly outbox: Outbox;
  readonly rpcs: readonly ServedRpc[];
  readonly dispatcher: ComponentTransport;
}

/** The listeners for operations and for clients; clients come last, when everything behind them is up. */
export async function openApis(
  stack: AsyncDisposableStack,
  config: Config,
  { brig, galley, cargohold, teams, services, policy, notifications, outbox, rpcs, dispatcher }: Served,
): Promise<readonly OpenListener[]> {
  const componentOf = new Map(rpcs.map(({ rpc }) => [rpc.name, rpc.component]));
  const internal = stack.use(
    await openInternalListener({
      listen: config.listen.internal,
      routes: [
        ...brig.internalRoutes,
        ...teams.internalRoutes,
        ...services.internalRoutes,
        ...policyRoutes(policy),
        ...outbox.routes,
      ],
      serveFederation: config.federation.enabled
        ? {
            transport: dispatcher,
            componentOf: (rpc) => componentOf.get(rpc),
            maxBodyBytes: config.limits.rpcBodyBytes,
          }
        : undefined,
      limits: { drainMs: config.shutdown.drainMs },
    }),
  );
  const verifyToken = (text: string) => brig.tokens.verify(text);
  const client = stack.use(
    await openGateway({
      ...gatewayOptions(config),
      routes: [
        ...brig.routes,
        ...galley.routes,
        ...cargohold.routes,
        ...teams.routes,
        ...services.routes,
        ...notifications.routes,
      ],
      verifyToken,
      isSessionOpen: services.isSessionOpen,
      onUpgrade: createUpgrades({
        routes: notifications.upgrades,
        verifyToken,
        disabledVersions: config.api.disabledVersions,
      }),
    }),
  );
  // The gateway ends when its sockets have; nobody else tells a WebSocket to.
  stack.use(notifications.sockets);
  return [
    { name: 'internal', url: internal.url },
    { name: 'client', url: client.url },
  ];
}
