import { Type } from 'typebox';
import { backendDomain, choice, count, flag, group, list, path } from './setting.ts';

/** Settings of how this backend meets others. */

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

export const federation = group('Other backends.', {
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
