import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** A mail as it arrived. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, as sent (RFC 5322), dots unstuffed. */
  readonly message: string;
  /** The message without quoted-printable (RFC 2045), the form that long lines and `=` are sent in. */
  readonly text: string;
}

export interface MailServer extends AsyncDisposable {
  readonly port: number;
  /** `smtp://127.0.0.1:port`, as `mail.smtp` takes it. */
  readonly url: string;
  readonly mails: readonly ReceivedMail[];
  /** Resolves with the n-th mail (from 1) to this address. */
  mailTo(address: string, count?: number): Promise<ReceivedMail>;
}

/** As much of RFC 5321 as a sender needs to hand over a mail. */
export async function openMailServer(): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A sender that hangs up half-way has sent no mail.
    socket.on('error', () => socket.destroy());
    converse(socket, (mail) => {
      mails.push(mail);
      for (const wake of waiting) wake();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    mails,
    async mailTo(address, count = 1) {
      for (;;) {
        const found = mails.filter(({ to }) => to.includes(address))[count - 1];
        if (found !== undefined) return found;
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        await promise;
        waiting.delete(resolve);
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

function converse(socket: Socket, deliver: (mail: ReceivedMail) => void): void {
  let from = '';
  let to: string[] = [];
  let message: string[] | undefined;
  const say = (line: string) => socket.write(`${line}\r\n`);
  const command = (line: string) => {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO' || verb === 'HELO') return say('250 localhost');
    if (verb === 'MAIL') from = addressIn(line);
    else if (verb === 'RCPT') to.push(addressIn(line));
    else if (verb === 'RSET') to = [];
    else if (verb === 'DATA') {
      message = [];
      return say('354 go on');
    } else if (verb === 'QUIT') {
      say('221 bye');
      return socket.end();
    } else if (verb !== 'NOOP') return say('502 not here');
    return say('250 ok');
  };
  say('220 localhost test mail server');
  createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
    if (message === undefined) return void command(line);
    if (line !== '.') return void message.push(line.startsWith('.') ? line.slice(1) : line);
    const sent = message.join('\n');
    deliver({ from, to, message: sent, text: unquoted(sent) });
    [message, to] = [undefined, []];
    say('250 kept');
  });
}

function unquoted(message: string): string {
  return message
    .replace(/=\n/g, '')
    .replace(/(?:=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString());
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}
