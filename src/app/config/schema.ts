import { type Static, Type } from 'typebox';
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

const remote = group('A remote backend.', {
  domain: backendDomain({ about: 'Its backend domain.' }),
  search_policy: choice(['no_search', 'exact_handle_search', 'full_search'], {
    about: 'What its users may find here.',
    default: 'full_search',
    reason: 'who lists a remote wants its users to find people',
  }),
});

const dns = group('How remotes are discovered.', {
  servers: Type.Optional(
    list(
      Type.String({
        pattern: '^(\\[[0-9A-Fa-f:.]+\\]|[0-9.]+|[0-9A-Fa-f:.]*::[0-9A-Fa-f:.]*)(:\\d{1,5})?$',
        expected: 'ADDRESS or ADDRESS:PORT',
      }),
      { about: "Name servers, asked in this order. The machine's own when left out." },
    ),
  ),
  timeoutMs: count({ about: 'How long one question may take.', default: 2000, minimum: 1 }),
  staleSeconds: count({
    about: 'How long an expired answer may serve while DNS is down; 0 never.',
    default: 86_400,
    reason: 'RFC 8767 suggests one to three days',
  }),
});

const federation = group('Other backends.', {
  enabled: flag({ about: 'Whether this backend federates at all.', default: true }),
  strategy: choice(['allowNone', 'allowDynamic', 'allowAll'], {
    about: 'Whom to federate with: nobody, the list of remotes, or everybody.',
    default: 'allowDynamic',
    reason: 'the list starts empty, and grows by `crosswire federation allow` without a restart',
  }),
  remotes: list(remote, {
    about: 'Entries of the list of remotes that only this file can change.',
    default: [],
  }),
  certificate: path({
    about: 'Certificate chain (PEM) for the infrastructure domain, shown as server and as client.',
    default: 'tls/cert.pem',
  }),
  key: path({ about: 'Its private key (PEM).', default: 'tls/key.pem' }),
  ca: path({ about: 'Root certificates (PEM) that are trusted for remotes.', default: 'tls/ca.pem' }),
  crl: Type.Optional(
    path({
      about:
        'Revocation lists (PEM), one of every authority that is trusted; a revoked certificate or a list out of date refuses a remote.',
    }),
  ),
  trustServerOnlyCertificates: flag({
    about: 'Accept a client certificate that is issued for servers only, when all else verifies.',
    default: false,
    reason: 'public CAs no longer issue certificates for clients; private ones do',
  }),
  trustedIngress: list(
    Type.String({ minLength: 2, pattern: '^[0-9A-Fa-f:.]+(/\\d{1,3})?$', expected: 'an address or a range' }),
    {
      about: 'Addresses that may tell the client certificate to `inward` in a header.',
      default: ['127.0.0.1'],
      reason: 'an nginx on the same machine',
    },
  ),
  dns,
  retentionDays: count({
    about: 'How long notifications for a remote that is away are kept and tried; then they are set aside.',
    default: 30,
    minimum: 1,
    maximum: 30,
    reason: 'receivers remember what they took for 40 days, so that a late repeat changes nothing',
  }),
  egress: group('Which addresses remotes may resolve to.', {
    allow: list(
      Type.String({ pattern: '^[0-9A-Fa-f:.]+/\\d{1,3}$', expected: 'a range such as 10.0.0.0/8' }),
      {
        about: 'Private ranges that remotes may live in.',
        default: [],
        reason:
          'a DNS answer must not make this backend talk to its own network; an ingress that listens on a private or ' +
          'loopback address allows its own range',
      },
    ),
  }),
});

function rate(about: string, burst: number, perMinute: number) {
  return group(about, {
    burst: count({ about: 'How many at once.', default: burst, minimum: 1 }),
    perMinute: count({ about: 'How many in each minute after that.', default: perMinute, minimum: 1 }),
  });
}

const throttling = group('How often one address or account may try.', {
  enabled: flag({ about: 'Whether any of these limits holds.', default: true }),
  logins: rate('Logins of one address; an office behind one address still gets in.', 30, 30),
  registrations: rate('Registrations of one address.', 20, 5),
  uploads: rate(
    'Files that one user uploads; a device that sends a whole gallery still gets through.',
    120,
    60,
  ),
  failedLogins: group('Failed logins of one account; then it waits until the window ends.', {
    attempts: count({ about: 'How many are let through in a window.', default: 5, minimum: 1 }),
    windowSeconds: count({ about: 'Length of the window.', default: 300, minimum: 1 }),
  }),
  verificationCodeSeconds: count({
    about: 'How soon a user may ask for another code that stands beside its password.',
    default: 300,
    minimum: 0,
  }),
});

const limits = group('Sizes and counts.', {
  connections: count({
    about: 'Most connections (sent and accepted) of a user.',
    default: 1000,
    minimum: 1,
  }),
  clients: count({
    about: 'Most permanent clients (devices) of a user; temporary ones do not count.',
    default: 7,
    minimum: 1,
  }),
  conversationMembers: count({
    about: 'Most members of a group.',
    default: 500,
    minimum: 2,
  }),
  teamMembers: count({
    about: 'Most members of a team, and most open invitations to it.',
    default: 10_000,
    minimum: 1,
  }),
  clientSockets: count({
    about: 'Most TCP connections of clients at once, WebSockets among them.',
    default: 50_000,
    minimum: 1,
    reason: 'an idle one costs about 7 KiB; raise the limit of open files to fit',
  }),
  clientBodyBytes: count({
    about: 'Largest body of a client request.',
    default: 8 * 1024 * 1024,
    minimum: 1024,
  }),
  rpcBodyBytes: count({
    about: 'Largest body of a federated request.',
    default: 8 * 1024 * 1024,
    minimum: 1024,
    reason: 'an MLS commit bundle for some thousand members fits',
  }),
});

const legalhold = group('Legal hold: devices of services that listen to members of teams.', {
  policy: choice(['disabled-permanently', 'disabled-by-default', 'whitelist-teams-and-implicit-consent'], {
    about: 'Which teams may have it: none, those that turn it on, or those that operators list.',
    default: 'disabled-by-default',
    reason: "it is each team's own choice; members are asked for their consent",
  }),
});

const services = group('Services that others run and this backend calls: with bots, or for legal hold.', {
  egress: group('Which addresses they may have.', {
    allow: list(
      Type.String({ pattern: '^[0-9A-Fa-f:.]+/\\d{1,3}$', expected: 'a range such as 10.0.0.0/8' }),
      {
        about: 'Private ranges that services may live in.',
        default: [],
        reason: 'providers and admins of teams choose the address; it must not lead into our own network',
      },
    ),
  }),
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

const mail = group('How mail leaves: by a server or, for trying out, into the log.', {
  smtp: Type.Optional(
    secret({ about: 'Mail server.', pattern: '^smtps?://', expected: 'smtp://… or smtps://…' }),
  ),
  log: Type.Optional(
    flag({
      about: 'Write mails to the log instead, as happens when `smtp` is left out: for trying out only.',
    }),
  ),
  from: Type.Optional(text({ about: 'Sender; noreply@ and the backend domain when left out.' })),
});

const s3 = group('An S3 bucket.', {
  endpoint: Type.String({
    about: 'URL of the service.',
    pattern: '^https?://',
    expected: 'an http(s):// URL',
  }),
  bucket: text({ about: 'Name of the bucket.' }),
  region: text({ about: 'Region for signatures.', default: 'us-east-1' }),
  accessKey: secret({ about: 'Access key.' }),
  secretKey: secret({ about: 'Secret key.' }),
  pathStyle: flag({
    about: 'Whether the bucket stands in the path of URLs; in their host name when false.',
    default: true,
    reason: 'every S3-compatible service takes it; Amazon itself wants false for new buckets',
  }),
});

const hourSeconds = 3600;

const calls = group('Servers that carry the media of calls; clients are told of them.', {
  turn: Type.Optional(
    group('TURN servers. Without them there are no calls.', {
      servers: list(
        Type.String({
          pattern: '^turns?:[^:/?]+:\\d{1,5}(\\?transport=(udp|tcp))?$',
          expected: 'such as turn:192.0.2.1:3478?transport=udp',
        }),
        { about: 'Addresses. Old clients need IPv4 addresses over UDP; the others take host names and TLS.' },
      ),
      secret: secret({ about: 'Shared with the servers; makes the credentials that they accept.' }),
      digest: choice(['sha1', 'sha512'], {
        about: 'Hash of the credentials (HMAC).',
        default: 'sha512',
        reason: "Wire's own TURN servers take it; coturn's plain `use-auth-secret` wants sha1",
      }),
      credentialSeconds: count({
        about: 'How long a credential is good.',
        default: 6 * hourSeconds,
        minimum: 1,
        reason: 'longer than a call lasts',
      }),
      refreshSeconds: count({
        about: 'How long clients keep what they were told.',
        default: hourSeconds,
        minimum: 1,
      }),
    }),
  ),
  sft: Type.Optional(
    group('SFT servers, for conferences.', {
      servers: list(Type.String({ pattern: '^https://', expected: 'an https:// URL' }), { about: 'URLs.' }),
      listAll: flag({
        about:
          'Whether clients are told all servers a second time, with credentials, for federated conferences.',
        default: false,
      }),
      secret: Type.Optional(secret({ about: 'Makes the credentials; none without it.' })),
      credentialSeconds: count({
        about: 'How long a credential is good.',
        default: 12 * hourSeconds,
        minimum: 1,
      }),
    }),
  ),
});

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
