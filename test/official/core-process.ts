/**
 * One user with Wire's own client core (`@wireapp/core` with its CoreCrypto), in a process of its own. It is bundled
 * before it runs, because the library's CommonJS asks for a package that has only ES modules. What a browser would give
 * it, it gets here: IndexedDB in memory and a small `localStorage`.
 */

import 'fake-indexeddb/auto';
import process from 'node:process';
import apiClientModule from '@wireapp/api-client';
import { CookieStore } from '@wireapp/api-client/lib/auth/index.js';
import { ClientType } from '@wireapp/api-client/lib/client/index.js';
import { CONVERSATION_PROTOCOL } from '@wireapp/api-client/lib/team/index.js';
import { Account } from '@wireapp/core';
import { buildTextMessage } from '@wireapp/core/lib/conversation/message/MessageBuilder.js';
import { GenericMessage } from '@wireapp/protocol-messaging';
import type { CoreCommand, FromCore, Opening, Qualified, ToCore, UploadedFile } from './core-user.ts';

const [rest = '', ws = '', wasmFolder = ''] = process.argv.slice(2);

const kept = new Map<string, string>();
Object.assign(globalThis, {
  localStorage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  },
});

const suite = 1;
const mlsSettings = { ciphersuites: [suite], defaultCiphersuite: suite, nbKeyPackages: 10 };

const groupIds = new Map<string, string>();
let client = newClient();
let account = newAccount();
let disconnect = () => {};

function newClient() {
  return new apiClientModule.APIClient({ urls: { name: 'test', rest, ws } });
}

/** @param store what an earlier start has kept beside its keys */
function newAccount(store?: unknown): Account {
  const made = new Account(client, {
    nbPrekeys: 5,
    coreCryptoConfig: { enabled: true, wasmFilePath: wasmFolder },
    createStore: async () => store as never,
  });
  made.configureCoreCallbacks({
    groupIdFromConversationId: async ({ id }) => groupIds.get(id),
  });
  return made;
}

function tell(message: FromCore): void {
  process.send?.(message);
}

process.on('message', ({ call, command }: ToCore) => {
  run(command).then(
    (value) => tell({ call, value: value ?? null }),
    (error: Error & { readonly code?: unknown; readonly label?: unknown }) =>
      tell({
        call,
        error: { name: error.name, message: error.message, code: error.code, label: error.label },
      }),
  );
});

async function run(command: CoreCommand): Promise<unknown> {
  switch (command.do) {
    case 'open':
      return open(command);
    case 'quit':
      return disconnect();
    case 'restart':
      return restart(command);
    case 'search':
      return search(command.term, command.domain);
    case 'call':
      return callMember(command.path, command.args);
    case 'group':
      groupIds.set(command.conversation, command.groupId);
      return undefined;
    case 'send':
      return send(command.conversation, command.text);
    case 'upload':
      return upload(command.text);
    case 'download':
      return download(command.file);
  }
}

/** The first start of a client: log in, register it, make its keys, listen. */
async function open({
  email,
  password,
  version,
  legacy,
}: Opening & { readonly email: string; readonly password: string }) {
  await account.useAPIVersion(version, version, true);
  const login = { email, password, clientType: ClientType.PERMANENT };
  await account.login(login);
  const registered = await account.registerClient(login, legacy);
  await account.initClient(registered, mlsSettings as never);
  await listen(legacy);
  return { clientId: registered.id, userId: account.userId, hasMls: account.hasMLSDevice };
}

/** A later start of the same client, which has its cookie, its keys and its store. */
async function restart({ version, legacy }: Opening) {
  for (const name of ['db', 'encryptedDb']) Reflect.get(account, name).close();
  client = newClient();
  account = newAccount(Reflect.get(account, 'storeEngine'));
  await account.useAPIVersion(version, version, true);
  await account.init(ClientType.PERMANENT, { cookie: CookieStore.getCookie() });
  const known = await account.getLocalClient();
  if (known === undefined) throw new Error('the client is not known any more');
  await account.initClient(known, mlsSettings as never);
  await listen(legacy);
  return { clientId: known.id };
}

async function listen(legacy: boolean) {
  disconnect = await account.listen({
    useLegacy: legacy,
    onConnectionStateChanged: (state) => tell({ state }),
    onEvent: async ({ event, decryptedData }) => {
      const content = decryptedData instanceof GenericMessage ? decryptedData.text?.content : undefined;
      tell({ event: JSON.parse(JSON.stringify(event)), text: content ?? null });
    },
  });
}

/** Ids of the users that are found. */
async function search(term: string, domain: string): Promise<readonly string[]> {
  const request = await client.api.user.getSearchContacts(term, 10, domain);
  const { documents } = await request.response;
  return documents.map(({ id }) => id);
}

async function send(conversation: Qualified, text: string) {
  const payload = buildTextMessage({ text });
  const groupId = groupIds.get(conversation.id);
  const common = { conversationId: conversation, payload };
  const service = account.service?.conversation;
  return groupId === undefined
    ? service?.send({ ...common, protocol: CONVERSATION_PROTOCOL.PROTEUS })
    : service?.send({ ...common, protocol: CONVERSATION_PROTOCOL.MLS, groupId });
}

async function upload(text: string): Promise<UploadedFile> {
  const asset = account.service?.asset;
  const request = await asset?.uploadAsset(Buffer.from(text), {
    public: false,
    retention: 'volatile',
  } as never);
  const made = await request?.response;
  if (made === undefined) throw new Error('nothing was uploaded');
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  return {
    key: made.key,
    domain: made.domain,
    token: made.token ?? '',
    otrKey: base64(made.keyBytes),
    sha256: base64(made.sha256),
  };
}

async function download({ key, domain, token, otrKey, sha256 }: UploadedFile): Promise<string> {
  const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
  const file = { assetKey: key, assetDomain: domain, assetToken: token, forceCaching: false };
  const request = account.service?.asset.downloadAsset(file, bytes(otrKey), bytes(sha256));
  const found = await request?.response;
  return Buffer.from(found?.buffer ?? new ArrayBuffer(0)).toString();
}

/** Calls `account.a.b(…)` for the path `['a', 'b']`. */
async function callMember(path: readonly string[], args: readonly unknown[]): Promise<unknown> {
  let owner: unknown;
  let found: unknown = account;
  for (const name of path) {
    owner = found;
    found = Reflect.get(Object(found), name);
  }
  return typeof found === 'function' ? Reflect.apply(found, owner, args) : found;
}
