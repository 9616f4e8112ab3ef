import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  createUser,
  type MailServer,
  openMailServer,
  openNetwork,
  request,
  type TestAnswer,
  type TestNetwork,
  type TestRequest,
} from '#testkit';
import { expectStatus } from './conversation-rig.ts';

/*
 * The account of a provider as a browser has it: mails with links, and a cookie. Limits hold as in production. The rules
 * that need a clock are in test/contract/providers-*-suite.ts.
 */

describe('the account of a provider', () => {
  const stack = new AsyncDisposableStack();
  let network: TestNetwork;
  let mails: MailServer;
  before(async () => {
    mails = stack.use(await openMailServer());
    network = stack.use(
      await openNetwork({
        backends: 1,
        set: { 'mail.log': false, 'mail.smtp': mails.url, 'throttling.enabled': true },
      }),
    );
  });
  after(() => stack.disposeAsync());

  const password = 'correct horse battery staple';
  const refusal = ({ status, get }: TestAnswer) => [status, get('label')];
  const send = (path: string, options: TestRequest = {}) =>
    request(`${network.backend(0).clientApi}/v5${path}`, options);
  const logIn = (email: string, secret = password) =>
    send('/provider/login', { body: { email, password: secret } });

  /** Where the n-th mail to an address leads, and what it carries. */
  async function linkIn(email: string, count: number): Promise<URL> {
    const { text } = await mails.mailTo(email, count);
    return new URL(/http:\S+/.exec(text)?.[0] ?? '');
  }

  /** Requests of a browser that is logged in. */
  async function openSession(email: string, secret = password) {
    const login = expectStatus(await logIn(email, secret), 200);
    const [cookie = ''] = String(login.headers.get('set-cookie')).split(';');
    return (path: string, options: TestRequest = {}) =>
      send(path, { ...options, headers: { cookie, ...options.headers } });
  }

  async function addProvider(email: string) {
    const url = 'https://makers.example.com';
    const body = { name: 'Makers', email, url, description: 'We make.', password };
    expectStatus(await send('/provider/register', { body }), 201);
    const link = await linkIn(email, 1);
    assert.equal(link.pathname, '/provider/activate');
    expectStatus(await send(`/provider/activate${link.search}`), 200);
    return await openSession(email);
  }

  it('a new password by mail ends all its sessions, wherever they are used', async () => {
    const email = 'forgetful@provider.example.com';
    const sessions = [await addProvider(email), await openSession(email)];
    expectStatus(await send('/provider/password-reset', { body: { email } }), 201);
    const link = await linkIn(email, 2);
    assert.equal(link.pathname, '/provider/password-reset');
    const again = await send('/provider/password-reset', { body: { email } });
    assert.deepEqual(refusal(again), [409, 'code-exists']);
    for (const session of sessions) expectStatus(await session('/provider'), 200);
    const { key, code } = Object.fromEntries(link.searchParams);
    const body = { key, code, password: 'another-one' };
    expectStatus(await send('/provider/password-reset/complete', { body }), 200);
    for (const session of sessions) {
      for (const path of ['/provider', '/provider/services', '/provider/assets/3-1-none'])
        assert.deepEqual(refusal(await session(path)), [401, 'unauthorized']);
    }
    assert.deepEqual(refusal(await logIn(email)), [403, 'invalid-credentials']);
    const session = await openSession(email, 'another-one');
    assert.equal(expectStatus(await session('/provider'), 200).get('email'), email);
  });

  it('a forged or missing code sets no password', async () => {
    const email = 'attacked@provider.example.com';
    const session = await addProvider(email);
    expectStatus(await send('/provider/password-reset', { body: { email } }), 201);
    const key = (await linkIn(email, 2)).searchParams.get('key');
    const complete = (body: object) => send('/provider/password-reset/complete', { body });
    const forged = await complete({ key, code: 'none', password: 'another-one' });
    assert.deepEqual(refusal(forged), [403, 'invalid-code']);
    assert.deepEqual(refusal(await complete({ key, password: 'another-one' })), [400, 'bad-request']);
    expectStatus(await session('/provider'), 200);
    expectStatus(await logIn(email), 200);
  });

  it('another address counts once its link was followed', async () => {
    const [email, other] = ['old@provider.example.com', 'other@provider.example.com'];
    const session = await addProvider(email);
    const change = () => session('/provider/email', { method: 'PUT', body: { email: other } });
    expectStatus(await change(), 202);
    const early = await change();
    assert.deepEqual(refusal(early), [429, 'too-many-requests']);
    assert.ok(Number(early.headers.get('retry-after')) > 0);
    assert.equal(expectStatus(await session('/provider'), 200).get('email'), email);
    const activated = await send(`/provider/activate${(await linkIn(other, 1)).search}`);
    assert.equal(expectStatus(activated, 200).get('email'), other);
    assert.equal(expectStatus(await session('/provider'), 200).get('email'), other);
    expectStatus(await logIn(other), 200);
    assert.deepEqual(refusal(await logIn(email)), [403, 'invalid-credentials']);
  });

  it('only the provider itself asks for another address', async () => {
    const put = { method: 'PUT', body: { email: 'stolen@provider.example.com' } };
    assert.deepEqual(refusal(await send('/provider/email', put)), [401, 'unauthorized']);
    const user = await createUser(network.backend(0), { name: 'User' });
    assert.deepEqual(refusal(await user.send('/provider/email', put)), [403, 'access-denied']);
  });
});
