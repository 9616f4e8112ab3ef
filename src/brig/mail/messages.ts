import type { InvitationMail } from '#contract/accounts.ts';
import type { VerificationAction } from '#contract/client/login.ts';
import type { Mail } from './mailer.ts';

/** The mails that brig writes: plain text, with the code and a link that carries it. */

export interface MailedCode {
  readonly key: string;
  readonly code: string;
  /** The page that takes `key` and `code` as query parameters. */
  readonly url: string;
}

/** For a user that has just registered, or for an address before registration (`name` undefined). */
export function activationMail(to: string, name: string | undefined, code: MailedCode): Mail {
  const greeting = name === undefined ? 'Hello,' : `Hello ${oneLine(name)},`;
  const text = [
    greeting,
    '',
    `the code for this e-mail address is ${code.code}.`,
    `Or open ${link(code)}`,
    '',
    'If you did not ask for it, ignore this mail.',
  ];
  return { to, kind: 'activation', subject: `Your code is ${code.code}`, text: `${text.join('\n')}\n` };
}

export function emailChangeMail(to: string, name: string, code: MailedCode): Mail {
  const text = [
    `Hello ${oneLine(name)},`,
    '',
    `to use this e-mail address from now on, open ${link(code)}`,
    `or enter the code ${code.code}.`,
    '',
    'If you did not ask for it, ignore this mail.',
  ];
  return { to, kind: 'email-change', subject: 'Your new e-mail address', text: `${text.join('\n')}\n` };
}

export function passwordResetMail(to: string, name: string, code: MailedCode): Mail {
  const text = [
    `Hello ${oneLine(name)},`,
    '',
    `to set a new password, open ${link(code)}`,
    `or enter the code ${code.code}.`,
    '',
    'If you did not ask for it, ignore this mail: your password stays as it is.',
  ];
  return { to, kind: 'password-reset', subject: 'Set a new password', text: `${text.join('\n')}\n` };
}

/** @param device what the client calls itself. */
export function newClientMail(to: string, name: string, device: string | null, at: Date): Mail {
  const text = [
    `Hello ${oneLine(name)},`,
    '',
    `your account was used on a new device${device === null ? '' : ` (${oneLine(device)})`} at ${at.toISOString()}.`,
    '',
    'If that was not you, remove the device and set a new password.',
  ];
  return { to, kind: 'new-client', subject: 'A new device', text: `${text.join('\n')}\n` };
}

/** What a code is for that stands beside the password. */
const verified = {
  login: 'log in',
  delete_team: 'delete your team',
  create_scim_token: 'make a token for SCIM',
} as const satisfies Record<VerificationAction, string>;

/** For a user whose team asks for more than a password. */
export function verificationMail(to: string, name: string, code: string, action: VerificationAction): Mail {
  const text = [
    `Hello ${oneLine(name)},`,
    '',
    `the code to ${verified[action]} is ${code}.`,
    '',
    'If you did not ask for it, somebody knows your e-mail address and maybe your password: set a new one.',
  ];
  return { to, kind: 'verification', subject: `Your code is ${code}`, text: `${text.join('\n')}\n` };
}

/** For a user that wants its account deleted. */
export function deletionMail(to: string, name: string, code: MailedCode): Mail {
  const text = [
    `Hello ${oneLine(name)},`,
    '',
    `to delete your account for good, open ${link(code)}`,
    `or enter the code ${code.code}.`,
    '',
    'If you did not ask for it, ignore this mail: your account stays as it is.',
  ];
  return { to, kind: 'deletion', subject: 'Delete your account?', text: `${text.join('\n')}\n` };
}

/** For somebody who is asked to join a team. */
export function invitationMail({ to, name, from, team, code, url }: InvitationMail): Mail {
  const text = [
    name === null ? 'Hello,' : `Hello ${oneLine(name)},`,
    '',
    `${oneLine(from)} invites you to join the team ${oneLine(team)}.`,
    `To register, open ${url}`,
    `or enter the code ${code}.`,
    '',
    'If you do not know who that is, ignore this mail.',
  ];
  return { to, kind: 'invitation', subject: 'Join a team', text: `${text.join('\n')}\n` };
}

function link({ url, key, code }: MailedCode): string {
  const target = new URL(url);
  target.searchParams.set('key', key);
  target.searchParams.set('code', code);
  return target.href;
}

/** A name is free text: it must not be able to write further lines of the mail. */
function oneLine(name: string): string {
  return name.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** For a provider that has just registered. */
export function providerActivationMail(to: string, name: string, code: MailedCode): Mail {
  const text = [
    `Hello ${oneLine(name)},`,
    '',
    `to provide services with this e-mail address, open ${link(code)}`,
    '',
    'If you did not ask for it, ignore this mail.',
  ];
  return {
    to,
    kind: 'provider-activation',
    subject: 'Your account as a provider',
    text: `${text.join('\n')}\n`,
  };
}
