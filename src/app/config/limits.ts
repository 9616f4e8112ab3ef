import { count, flag, group } from './setting.ts';

/** Settings of how much and how often. */

function rate(about: string, burst: number, perMinute: number) {
  return group(about, {
    burst: count({ about: 'How many at once.', default: burst, minimum: 1 }),
    perMinute: count({ about: 'How many in each minute after that.', default: perMinute, minimum: 1 }),
  });
}

export const throttling = group('How often one address or account may try.', {
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
    about:
      'How soon another code may be asked for: one that stands beside a user’s password, or any of a provider.',
    default: 300,
    minimum: 0,
  }),
});

export const limits = group('Sizes and counts.', {
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
