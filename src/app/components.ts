import { type Brig, openBrig } from '#brig';
import {
  type AssetStore,
  type Cargohold,
  openCargohold,
  openFolderStore,
  openS3Store,
  S3Bucket,
} from '#cargohold';
import { queuedRpcs } from '#contract/federation/queued.ts';
import type {
  FederationCaller,
  FederationDeliverer,
  FederationStreamer,
} from '#contract/federation-caller.ts';
import { createFederationCaller } from '#contract/rpc-caller.ts';
import { createDispatcher, type Dispatcher } from '#contract/rpc-dispatch.ts';
import type { ComponentTransport, RpcTransport } from '#contract/rpc-transport.ts';
import {
  createFederationRules,
  createHttpTransport,
  type OpenListener,
  openFederator,
  openPolicy,
  type Policy,
} from '#federator';
import { type Galley, openGalley, openRemovalKeys } from '#galley';
import { createNotificationIds, type Notifications, openNotifications } from '#notifications';
import { type Outbox, openOutbox } from '#outbox';
import { openServices } from '#services';
import { makePrivateFolder, type Storage } from '#storage';
import { openTeams, type Teams } from '#teams';
import { logger } from '#telemetry';
import type { Config } from './config.ts';
import {
  galleyAudience,
  galleyClients,
  galleyMigration,
  galleyMlsClients,
  galleyUsers,
} from './galley-users.ts';
import { openApis, openDoorsOf } from './listeners.ts';
import { createBotServiceCaller, createLegalholdCaller } from './service-callers.ts';
import { serviceConversations, serviceTeams } from './service-needs.ts';
import {
  assetFolder,
  brigSettings,
  cargoholdSettings,
  federatorNeeds,
  galleySettings,
  mailSettings,
  notificationSettings,
  outboxSettings,
  servicesSettings,
  teamsSettings,
  urlOf,
} from './slices.ts';
import { brigTeams, galleyTeams, teamConversations } from './team-needs.ts';
import { OperatorError } from './terminal/failure.ts';

/** Opens every part but the federator's own role, each with what it needs of the others. */
export async function openComponents(
  stack: AsyncDisposableStack,
  config: Config,
  role: 'all' | 'components',
  storage: Storage,
  signal: AbortSignal,
): Promise<readonly OpenListener[]> {
  const { strategy, remotes, enabled } = config.federation;
  const policy = stack.use(await openPolicy({ storage, strategy, configured: remotes }));
  signal.throwIfAborted();
  const federator =
    enabled && role === 'all'
      ? stack.use(await openFederator({ ...federatorNeeds(config), policy }))
      : undefined;
  const transport = enabled ? (federator?.transport ?? openTransport(stack, config)) : undefined;
  const federation = transport && createFederation(config, transport);
  const outbox = stack.use(
    openOutbox({
      ownDomain: config.domain,
      storage,
      federation,
      queuedRpcs,
      dispatcher: () => dispatcher,
      settings: outboxSettings(config),
    }),
  );
  const notifications: Notifications = stack.use(
    await openNotifications({
      ownDomain: config.domain,
      storage,
      lastActive: (user, client) => brig.clients.recordActivity(user, client),
      settings: notificationSettings(config),
    }),
  );
  const teams = stack.use(
    openTeams({
      storage,
      events: notifications,
      accounts: () => brig.forTeams,
      conversations: teamConversations(() => galley),
      callService: createLegalholdCaller(config),
      queueIds: createNotificationIds(config.domain),
      settings: teamsSettings(config),
    }),
  );
  const galley: Galley = stack.use(
    openGalley({
      ownDomain: config.domain,
      storage,
      federation,
      users: galleyUsers(config.domain, storage.reader, () => brig),
      clients: galleyClients(() => brig),
      mlsClients: galleyMlsClients(() => brig),
      audience: galleyAudience(storage.reader, teams, () => brig),
      teams: galleyTeams(storage.reader, teams),
      legalhold: teams.legalhold,
      migration: galleyMigration(() => brig, teams),
      events: notifications,
      outbox,
      inbox: outbox,
      ...(config.mls.enabled ? { removalKeys: await openRemovalKeys(config.mls.removalKeys) } : {}),
      settings: galleySettings(config),
    }),
  );
  const brig: Brig = stack.use(
    await openBrigOf(config, { storage, policy, federation, notifications, outbox, galley, teams }),
  );
  await teams.resume();
  const cargohold = stack.use(await openCargoholdOf(stack, config, { storage, federation, brig }));
  const services = stack.use(
    openServices({
      ownDomain: config.domain,
      storage,
      settings: servicesSettings(config),
      accounts: brig.forServices,
      conversations: serviceConversations(galley),
      streams: notifications.streams,
      teams: serviceTeams(teams),
      call: createBotServiceCaller(config),
    }),
  );
  const rpcs = [...brig.rpcs, ...galley.rpcs, ...cargohold.rpcs, ...outbox.rpcs];
  const dispatcher = tellingContact(createDispatcher(rpcs, { onBug: rpcFailed }), outbox);
  signal.throwIfAborted();
  return [
    ...(await openDoorsOf(stack, config, federator, dispatcher)),
    ...(await openApis(stack, config, {
      brig,
      galley,
      cargohold,
      teams,
      services,
      policy,
      notifications,
      outbox,
      rpcs,
      dispatcher,
    })),
  ];
}

/** Whoever asks us is up: what waits for it goes out. */
function tellingContact(components: Dispatcher, outbox: Outbox): Dispatcher {
  return {
    ...components,
    send: (request) => {
      outbox.contact(request.originDomain);
      return components.send(request);
    },
  };
}

const log = logger('app');

function rpcFailed(
  error: unknown,
  { component, rpc, originDomain }: Parameters<ComponentTransport['send']>[0],
) {
  log.error({ err: error, component, rpc, domain: originDomain }, 'an RPC failed');
}

function openTransport(stack: AsyncDisposableStack, { listen }: Config): RpcTransport {
  return stack.use(createHttpTransport({ url: urlOf(listen.outward) }));
}

/** Largest answer to a federated call that is read into memory. */
const maxAnswerBytes = 16 * 1024 * 1024;
/** Versions are tied to a remote's sessions anyway; this bounds them for a session that never ends. */
const versionMaxAgeMs = 3_600_000;

function createFederation(
  { domain }: Config,
  transport: RpcTransport,
): FederationCaller & FederationDeliverer & FederationStreamer {
  return createFederationCaller({ ownDomain: domain, transport, maxAnswerBytes, versionMaxAgeMs });
}

interface BrigSurroundings {
  readonly storage: Storage;
  readonly policy: Policy;
  readonly federation: FederationCaller | undefined;
  readonly notifications: Notifications;
  readonly outbox: Outbox;
  readonly galley: Galley;
  readonly teams: Teams;
}

async function openBrigOf(
  config: Config,
  { storage, policy, federation, notifications, outbox, galley, teams }: BrigSurroundings,
): Promise<Brig> {
  return await openBrig({
    ownDomain: config.domain,
    storage,
    federation,
    events: notifications,
    queues: notifications,
    onClientRemoved: [notifications.removeClient, galley.clientRemoved],
    onUserDeleted: [notifications.removeUser, galley.userDeleted, teams.userDeleted],
    teams: brigTeams(teams),
    conversations: galley.oneToOne,
    // Without federation nothing can be told, and deletion goes on all the same.
    ...(federation === undefined ? {} : { outbox }),
    inbox: outbox,
    remoteRules: createFederationRules(policy),
    mail: mailSettings(config),
    zauthKeys: madeFolder('zauth.keys', config.zauth.keys),
    // One key for each way of signing, as with the keys that remove members.
    ...(config.mls.enabled ? { tokenKeys: await openRemovalKeys(config.mls.tokenKeys) } : {}),
    settings: brigSettings(config),
  });
}

interface CargoholdSurroundings {
  readonly storage: Storage;
  readonly federation: (FederationCaller & FederationStreamer) | undefined;
  readonly brig: Brig;
}

async function openCargoholdOf(
  stack: AsyncDisposableStack,
  config: Config,
  { storage, federation, brig }: CargoholdSurroundings,
): Promise<Cargohold> {
  return openCargohold({
    ownDomain: config.domain,
    storage,
    store: stack.use(await openAssetStore(config)),
    federation,
    users: { isActive: (user) => brig.accounts.isActive(user) },
    settings: cargoholdSettings(config),
  });
}

async function openAssetStore(config: Config): Promise<AssetStore> {
  const { s3 } = config.assets;
  if (s3 === undefined) {
    madeFolder('assets.directory', config.assets.directory);
    return openFolderStore(assetFolder(config));
  }
  try {
    return await openS3Store({ bucket: new S3Bucket(s3) });
  } catch (error) {
    throw new OperatorError((error as Error).message);
  }
}

/** The folder of a setting, made when it is not there. @throws OperatorError */
function madeFolder(setting: string, path: string): string {
  try {
    makePrivateFolder(path);
    return path;
  } catch (error) {
    throw new OperatorError(`${setting}: cannot make ${path}: ${(error as Error).message}`, { cause: error });
  }
}
