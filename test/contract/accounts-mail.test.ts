import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { register as metrics } from 'prom-client';
import { postPasswordReset, putAccessSelfEmail } from '#contract/client/login.ts';
import { getActivate, register, sendActivation } from '#contract/client/registration.ts';
import { getActivationCode, getPasswordResetCode } from '#contract/internal/users.ts';
import { setLogLevel } from '#telemetry';
import { openMailServer } from '../../src/testkit/smtp/index.ts';
import { openRig, password } from './brig-rig.ts';

/** Mails go out by real SMTP, and a mail server that is down fails nothing. */

const stack = new AsyncDisposableStack();
let folder = '';
let files = 0;
const from = 'Crosswire <noreply@a.example.com>';
const settings = {
  activationUrl: 'https://a.example.com/activate',
  passwordResetUrl: 'https://a.example.com/reset?lang=en',
};

function freshUrl(): string {
  files += 1;
  return `sqlite:${join(folder, `${files}.db`)}`;
}

before(async () => {
  setLogLevel('silent');
  folder = stack.adopt(await mkdtemp(join(tmpdir(), 'crosswire-mail-')), (path) =>
    rm(path, { recursive: true }),
  );
});
after(() => stack.disposeAsync());

describe('mails', () => {
  it('for a new account carry code and link, from the configured sender', async () => {
    await using server = await openMailServer();
    await using rig = await openRig(freshUrl(), { mail: { smtp: server.url, from }, settings });
    const name = 'Alice\r\nBcc: eve@example.com';
    await rig.send(register, { body: { name, email: 'alice@example.com', password } });
    const mail = await server.mailTo('alice@example.com');
    assert.equal(mail.from, 'noreply@a.example.com');
    const { text } = mail;
    const { key, code } = (await rig.send(getActivationCode, { query: { email: 'alice@example.com' } })).body;
    const link = /https:\/\/a\.example\.com\/activate\S+/.exec(text)?.[0] ?? '';
    const { searchParams } = new URL(link);
    assert.equal(searchParams.get('key'), key);
    assert.equal(searchParams.get('code'), code);
    assert.match(text, new RegExp(`Subject: .*${code}`));
    assert.match(text, /^Hello Alice Bcc: eve@example\.com,$/m);
    const query = { key: searchParams.get('key') ?? '', code: searchParams.get('code') ?? '' };
    assert.equal((await rig.send(getActivate, { query })).status, 200);
  });

  it('come again when they are asked for again', async () => {
    await using server = await openMailServer();
    await using rig = await openRig(freshUrl(), { mail: { smtp: server.url, from }, settings });
    await rig.send(sendActivation, { body: { email: 'alice@example.com' } });
    await rig.send(sendActivation, { body: { email: 'alice@example.com' } });
    await server.mailTo('alice@example.com', 2);
  });

  it('for another e-mail go to the new one; for a password to the present one', async () => {
    await using server = await openMailServer();
    await using rig = await openRig(freshUrl(), { mail: { smtp: server.url, from }, settings });
    await rig.addUser('alice@example.com');
    const { zuid, accessToken } = await rig.logIn('alice@example.com');
    await rig.send(putAccessSelfEmail, {
      zuid: [zuid],
      bearer: accessToken,
      body: { email: 'new@example.com' },
    });
    assert.match((await server.mailTo('new@example.com')).message, /Subject: Your new e-mail address/);
    await rig.send(postPasswordReset, { body: { email: 'alice@example.com' } });
    const { text: reset } = await server.mailTo('alice@example.com');
    const { code } = (await rig.send(getPasswordResetCode, { query: { email: 'alice@example.com' } })).body;
    assert.match(reset, new RegExp(`https://a\\.example\\.com/reset\\?lang=en&key=\\S+&code=${code}`));
  });

  it('that cannot be sent fail nothing, and are counted', async () => {
    const server = await openMailServer();
    const { url } = server;
    await server[Symbol.asyncDispose]();
    const failed = async () =>
      (await metrics.getSingleMetric('crosswire_brig_mails_total')?.get())?.values.find(
        ({ labels }) => labels.outcome === 'failed' && labels.kind === 'activation',
      )?.value ?? 0;
    const before = await failed();
    {
      await using rig = await openRig(freshUrl(), { mail: { smtp: url, from }, settings });
      const body = { name: 'Alice', email: 'alice@example.com', password };
      assert.equal((await rig.send(register, { body })).status, 201);
    }
    assert.equal(await failed(), before + 1);
  });
});
