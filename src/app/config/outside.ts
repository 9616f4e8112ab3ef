import { Type } from 'typebox';
import { choice, count, flag, group, list, secret, text } from './setting.ts';

/** Settings of what others run for this backend: services, mail, storage of assets, servers of calls. */

export const legalhold = group('Legal hold: devices of services that listen to members of teams.', {
  policy: choice(['disabled-permanently', 'disabled-by-default', 'whitelist-teams-and-implicit-consent'], {
    about: 'Which teams may have it: none, those that turn it on, or those that operators list.',
    default: 'disabled-by-default',
    reason: "it is each team's own choice; members are asked for their consent",
  }),
});

export const services = group(
  'Services that others run and this backend calls: with bots, or for legal hold.',
  {
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
  },
);

export const mail = group('How mail leaves: by a server or, for trying out, into the log.', {
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

export const s3 = group('An S3 bucket.', {
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

export const calls = group('Servers that carry the media of calls; clients are told of them.', {
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
