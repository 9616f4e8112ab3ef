import { log, mailFailed, mailSent } from '../telemetry.ts';

export interface Mail {
  readonly to: string;
  /** For metrics: `activation`, `password-reset` … */
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
}

/**
 * How mails leave. Called after the commit: a mail that cannot be sent is logged and counted and fails nothing, since
 * its code is stored and the user can ask for it again.
 */
export interface Mailer extends AsyncDisposable {
  /** Starts sending; the request that caused the mail does not wait for the mail server. */
  send(mail: Mail): void;
}

export interface MailSettings {
  /** `smtp://…` or `smtps://…`; without it mails go to the log. */
  readonly smtp?: string;
  readonly log?: boolean;
  readonly from: string;
}

export function openMailer(settings: MailSettings): Mailer {
  return settings.smtp === undefined || settings.log === true
    ? openLogMailer()
    : openSmtpMailer(settings.smtp, settings.from);
}

/** A mail server that is slower than this is as good as down. */
const serverTimeoutMs = 10_000;
/** Mails that wait for the server; beyond, they are dropped and counted, and users ask again. */
const mostWaiting = 1000;

function openSmtpMailer(url: string, from: string): Mailer {
  const opening = openTransport(url, from);
  const running = new Set<Promise<void>>();
  async function deliver(mail: Mail): Promise<void> {
    try {
      const transport = await opening;
      await transport.sendMail({
        to: { name: '', address: mail.to },
        subject: mail.subject,
        text: mail.text,
      });
      mailSent(mail.kind);
    } catch (error) {
      mailFailed(mail.kind, error);
    }
  }
  return {
    send(mail) {
      if (running.size >= mostWaiting) {
        mailFailed(mail.kind, new Error(`${mostWaiting} mails are waiting for the mail server`));
        return;
      }
      const delivery = deliver(mail).finally(() => running.delete(delivery));
      running.add(delivery);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running);
      (await opening).close();
    },
  };
}

/** The library is large, and loaded only where mails leave. */
async function openTransport(url: string, from: string) {
  const { createTransport } = await import('nodemailer');
  return createTransport(
    {
      url,
      pool: true,
      connectionTimeout: serverTimeoutMs,
      greetingTimeout: serverTimeoutMs,
      socketTimeout: serverTimeoutMs,
    },
    { from },
  );
}

/**
 * Writes mails into the log. This is the one place where a code is logged: showing it to who tries a backend out
 * without a mail server is what this mailer is for.
 */
function openLogMailer(): Mailer {
  return {
    send(mail) {
      log.info({ to: mail.to, subject: mail.subject, text: mail.text }, 'mail (mail.log is on)');
      mailSent(mail.kind);
    },
    async [Symbol.asyncDispose]() {},
  };
}
