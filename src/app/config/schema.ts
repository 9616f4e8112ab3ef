import { type Static, Type } from 'typebox';
import { federation } from './federation.ts';
import { limits, throttling } from './limits.ts';
import { calls, legalhold, mail, s3, services } from './outside.ts';
import {
  backendDomain,
  choice,
  count,
  flag,
  group,
  infrastructureDomain,
  list,
  path,
  secret,
  text,
} from './setting.ts';

/** The whole configuration file. Names are fixed: operators' files and outside tools write them. */

const minuteMs = 60_000;

function listener(about: string, port: number) {
  return group(about, {
    host: text({
      about: 'Address to listen on.',
      default: '127.0.0.1',
      reason: 'nothing is reachable from outside unless the operator says so',
      expected: 'an address or host name',
    }),
    port: count({
      about: 'Port; 0 takes a free one.',
      default: port,
      minimum: 0,
      maximum: 65_535,
    }),
  });
}

const listen = group('Where this backend listens.', {
  client: listener('Clients: HTTP and WebSocket. Put TLS in front of it.', 8080),
  internal: listener('Operations. Never make it reachable for clients.', 8090),
  outward: listener('Components to federator: cleartext HTTP/2 and 1.1.', 8097),
  inward: listener('An outside ingress to federator: cleartext HTTP/1.1 and 2.', 8098),
  ingress: Type.Optional(listener('Remote federators: mutual TLS. Leave it out when nginx does it.', 8443)),
});

const components = Type.Optional(
  group('Where the components listen, for `serve --role federator`.', {
    brig: secretUrl('URL of brig.'),
    galley: Type.Optional(secretUrl('URL of galley.')),
    cargohold: Type.Optional(secretUrl('URL of cargohold.')),
  }),
);

function secretUrl(about: string) {
  return Type.String({ about, pattern: '^https?://', expected: 'an http:// URL' });
}

export const ConfigSchema = group('A backend.', {
  domain: backendDomain({ about: 'Backend domain: part of every identifier, cannot change later.' }),
  infrastructureDomain: infrastructureDomain({ about: 'What discovery finds and the certificate says.' }),
  listen,
  federation,
  api: group('The client API.', {
    publicUrl: Type.Optional(
      Type.String({
        about: 'Where clients reach this backend; for links in mails. The client listener when left out.',
        pattern: '^https?://',
        expected: 'an http(s):// URL',
      }),
    ),
    allowedOrigins: list(
      Type.String({
        pattern: '^(\\*|https?://[^/]+)$',
        expected: 'an origin such as https://app.example.com',
      }),
      { about: 'Pages of these origins may call from a browser (CORS).', default: [] },
    ),
    trustedProxies: list(
      Type.String({ pattern: '^[0-9A-Fa-f:.]+(/\\d{1,3})?$', expected: 'an address or a range' }),
      { about: 'Reverse proxies whose X-Forwarded-For names the caller.', default: [] },
    ),
    disabledVersions: list(
      Type.String({ pattern: '^(v\\d+|development)$', expected: 'a version such as v2, or development' }),
      { about: 'Client API versions that are off.', default: [] },
    ),
  }),
  mls: group('Messaging Layer Security.', {
    enabled: flag({ about: 'Whether clients may use MLS.', default: true }),
    offered: flag({
      about:
        'Whether clients are told to use MLS where no team says otherwise: the default of the feature `mls`.',
      default: false,
      reason: 'as in wire-server; official clients stay with Proteus until it is on',
    }),
    removalKeys: path({
      about: 'Folder of the keys that remove members from groups, made on the first start.',
      default: 'data/mls-removal-keys',
    }),
    tokenKeys: path({
      about:
        'Folder of the keys that sign what clients show to a certificate authority (end-to-end identity), made on the first start. The authority has to know the public key.',
      default: 'data/client-token-keys',
    }),
    keyPackageLifetimeDays: Type.Optional(
      count({
        about: 'Longest time from now that a key package may be good for; any when left out.',
        minimum: 1,
      }),
    ),
  }),
  limits,
  throttling,
  accounts: group('Who may have an account.', {
    restrictUserCreation: flag({
      about: 'Refuse registration by everybody: accounts are made by operators only.',
      default: false,
    }),
    allowedEmailDomains: Type.Optional(
      list(text({ about: '', expected: 'a mail domain' }), {
        about: 'Only addresses of these mail domains may register.',
      }),
    ),
    blockedEmailDomains: list(text({ about: '', expected: 'a mail domain' }), {
      about: 'Addresses of these mail domains may not register.',
      default: [],
    }),
    defaultLocale: text({
      about: 'Language of users who choose none.',
      default: 'en',
      expected: 'a language tag',
    }),
  }),
  calls,
  legalhold,
  services,
  conversations: group('Conversations.', {
    guestLinks: flag({
      about: 'Whether one can join conversations by a link.',
      default: true,
    }),
    guestLinkDays: count({ about: 'How long such a link is good.', default: 365, minimum: 1 }),
    guestLinkUrl: Type.String({
      about: 'Page of the client where one joins; key and code are added to it.',
      pattern: '^https?://',
      expected: 'an http(s):// URL',
      default: 'https://account.example.com/conversation-join/',
    }),
  }),
  notifications: group('What clients are told.', {
    retentionDays: count({
      about: 'How long a notification can be fetched.',
      default: 28,
      minimum: 1,
      reason: 'clients that stay away longer do a slow sync',
    }),
    socketBufferBytes: count({
      about:
        'Bytes that wait for a slow reader of a WebSocket before it is cut off; it finds all in its stream.',
      default: 1024 * 1024,
      minimum: 65_536,
    }),
  }),
  cookies: group('Login cookies.', {
    secure: flag({
      about: 'Whether clients may send the cookie over TLS only.',
      default: true,
      reason: 'off only for trying out over plain HTTP',
    }),
  }),
  storage: group('The database.', {
    url: secret({
      about: 'SQLite file or PostgreSQL database.',
      default: 'sqlite:data/crosswire.db',
      pattern: '^(sqlite:.|postgres(ql)?://)',
      expected: 'sqlite:PATH or postgres://…',
    }),
    poolSize: count({ about: 'Most PostgreSQL connections.', default: 10, minimum: 1 }),
  }),
  bus: Type.Optional(
    group('Wake-ups between replicas.', {
      url: secret({ about: 'NATS server.', pattern: '^(nats|tls)://', expected: 'nats://…' }),
    }),
  ),
  assets: group('Where uploaded files are kept.', {
    directory: path({ about: 'Folder, unless `s3` is given.', default: 'data/assets' }),
    maxBytes: count({ about: 'Largest file.', default: 100 * 1024 * 1024, minimum: 1 }),
    quotaBytes: Type.Optional(
      count({ about: 'All files of one user together; no limit when left out.', minimum: 1 }),
    ),
    reserveBytes: count({
      about: 'Bytes of the disk that uploads leave free; they are refused before.',
      default: 256 * 1024 * 1024,
      reason: 'the database is on the same disk unless the operator separates them',
    }),
    s3: Type.Optional(s3),
  }),
  zauth: group('Access tokens.', {
    keys: path({ about: 'Signing keys, made on the first start.', default: 'data/zauth-keys' }),
  }),
  mail,
  components,
  log: group('Log lines on standard error.', {
    level: choice(['silent', 'error', 'warn', 'info', 'debug'], {
      about: 'What is logged.',
      default: 'info',
    }),
  }),
  shutdown: group('How a backend ends on SIGTERM.', {
    drainMs: count({
      about: 'How long running requests may take to finish.',
      default: minuteMs / 6,
      reason: 'shorter than the grace period of common supervisors (30 s)',
    }),
  }),
});

/** The configuration, checked, with defaults filled in, paths absolute and secrets read. */
export type Config = Static<typeof ConfigSchema>;
