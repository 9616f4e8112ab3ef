import assert from 'node:assert/strict';
import {
  activateProvider,
  loginProvider,
  postProviderPasswordReset,
  registerProvider,
} from '#contract/client/providers.ts';
import type { AuthenticatedProvider } from '#contract/route.ts';
import { openServices, type Services, type ServicesNeeds } from '#services';
import { type MailServer, openMailServer } from '#testkit';
import { createCaller, openRig, ownDomain, password, type Rig } from './brig-rig.ts';

/** Providers on a real database, with real mails and a clock that only tests move. */
export interface ProvidersRig extends Pick<Rig, 'clock' | 'send'>, AsyncDisposable {
  readonly isSessionOpen: Services['isSessionOpen'];
  /** A provider that is activated and logged in, with the password of all tests. */
  addProvider(email: string): Promise<AuthenticatedProvider>;
  logIn(email: string, secret?: string): Promise<AuthenticatedProvider>;
  /** Asks for a code that sets a new password, and reads it. */
  forgetPassword(email: string, count: number): Promise<MailedCode>;
  /** What the n-th mail (from 1) to an address carries. */
  codeMailedTo(email: string, count: number): Promise<MailedCode>;
}

export interface MailedCode {
  readonly key: string;
  readonly code: string;
  /** Without key and code. */
  readonly link: string;
}

const links = {
  providerActivationUrl: 'https://a.example.com/provider/activate',
  providerPasswordResetUrl: 'https://a.example.com/provider/password-reset',
};

export async function openProvidersRig(url: string): Promise<ProvidersRig> {
  await using opening = new AsyncDisposableStack();
  const server = opening.use(await openMailServer());
  const mail = { smtp: server.url, from: 'noreply@a.example.com' };
  const rig = opening.use(await openRig(url, { mail, settings: links }));
  const { brig, storage, clock } = rig;
  const services = opening.use(
    openServices({
      ownDomain,
      storage,
      accounts: brig.forServices,
      ...withoutConversations(),
      now: () => clock.now,
    }),
  );
  const { send } = createCaller(brig, services.routes);
  const codeMailedTo = (email: string, count: number) => readCode(server, email, count);

  async function logIn(email: string, secret = password): Promise<AuthenticatedProvider> {
    const answer = await send(loginProvider, { body: { email, password: secret } });
    const cookie = /^zprovider=([^;]+)/.exec(answer.headers?.['set-cookie'] ?? '')?.[1] ?? '';
    const caller = brig.tokens.verify(cookie)?.provider;
    assert.ok(caller);
    return caller;
  }

  const owned = opening.move();
  return {
    clock,
    send,
    isSessionOpen: services.isSessionOpen,
    logIn,
    codeMailedTo,
    async addProvider(email) {
      const url = 'https://makers.example.com';
      const body = { name: 'Makers', email, url, description: 'We make.', password };
      await send(registerProvider, { body });
      const { key, code } = await codeMailedTo(email, 1);
      assert.equal((await send(activateProvider, { query: { key, code } })).status, 200);
      return await logIn(email);
    },
    async forgetPassword(email, count) {
      assert.equal((await send(postProviderPasswordReset, { body: { email } })).status, 201);
      return await codeMailedTo(email, count);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function readCode(server: MailServer, email: string, count: number): Promise<MailedCode> {
  const { text } = await server.mailTo(email, count);
  const link = new URL(/https:\S+/.exec(text)?.[0] ?? '');
  const { key, code } = Object.fromEntries(link.searchParams);
  assert.ok(key && code);
  return { key, code, link: `${link.origin}${link.pathname}` };
}

/** Providers need none of it: they have no bots here. */
function withoutConversations(): Pick<ServicesNeeds, 'conversations' | 'streams' | 'teams' | 'call'> {
  const none = async () => {
    throw new Error('there are no conversations here');
  };
  return {
    conversations: {
      getOpen: none,
      add: none,
      remove: none,
      leave: none,
      isMember: none,
      qualify: none,
    },
    streams: { list: async () => [], watch: () => ({ [Symbol.dispose]: () => undefined }), remove: none },
    teams: { permissionsOf: async () => undefined },
    call: none,
  };
}
