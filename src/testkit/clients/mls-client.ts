import type { TestAnswer } from './http.ts';
import { type MadeCommit, MlsDevice } from './mls-device.ts';
import { lastResortId, makePrekey } from './prekeys.ts';
import { type BackendUrls, createUser, logInAsClient, type TestUser } from './user.ts';

/** A conversation, or a subconversation of it, with the id of its MLS group in base64. */
export interface MlsTestGroup {
  readonly domain: string;
  readonly id: string;
  readonly groupId: string;
  readonly subconversation?: string;
}

/** Somebody whose clients can be added to a group. */
export interface MlsInvited {
  readonly domain: string;
  readonly id: string;
}

/** Version and wire format, which an MLSMessage has before what it carries. */
const framingBytes = 4;

interface StreamEvent {
  readonly type: string;
  readonly data: unknown;
}

/** What a client has found in its stream. */
export interface MlsSeen {
  /** What application messages say, in order. */
  readonly texts: readonly string[];
  /** Types of the events, in order. */
  readonly types: readonly string[];
  /** Why messages could not be taken: of epochs that the client is not in. */
  readonly failures: readonly string[];
}

/**
 * A registered client of a user that encrypts with MLS: it sends over the client API and reads its stream when told to.
 * It does everything as Wire's clients do, with one key package for each claim.
 */
export class MlsClient {
  readonly user: TestUser;
  readonly clientId: string;
  readonly device: MlsDevice;
  #since: string | undefined;
  /** By their groups, commits that no answer said were taken: the stream tells. */
  readonly #unsettled = new Map<string, MadeCommit>();

  private constructor(user: TestUser, clientId: string, device: MlsDevice) {
    this.user = user;
    this.clientId = clientId;
    this.device = device;
  }

  /** Makes a user with one client and so many key packages. */
  static async create(backend: BackendUrls, name: string, keyPackages = 5): Promise<MlsClient> {
    return MlsClient.register(backend, await createUser(backend, { name }), keyPackages);
  }

  /** Registers another client of a user. */
  static async register(backend: BackendUrls, user: TestUser, keyPackages = 5): Promise<MlsClient> {
    const body = {
      type: 'permanent',
      class: 'phone',
      password: user.password,
      prekeys: [],
      lastkey: makePrekey(lastResortId),
    };
    const id = String(expect(await user.send('/clients', { body }), 201).get('id'));
    const device = await MlsDevice.create(`${user.id}:${id}@${user.domain}`);
    const keys = { mls_public_keys: { ed25519: device.signatureKey.toString('base64') } };
    expect(await user.send(`/clients/${id}`, { method: 'PUT', body: keys }), 200);
    const client = new MlsClient(await logInAsClient(backend, user, id), id, device);
    if (keyPackages > 0) await client.uploadKeyPackages(keyPackages);
    return client;
  }

  /** Uploads fresh key packages and returns them in base64. */
  async uploadKeyPackages(count: number): Promise<readonly string[]> {
    const fresh = await Promise.all(Array.from({ length: count }, () => this.device.makeKeyPackage()));
    const texts = fresh.map(({ bytes }) => bytes.toString('base64'));
    expect(await this.user.send(this.#keyPackages, { body: { key_packages: texts } }), 201);
    return texts;
  }

  /** How many key packages the backend has left. */
  async countKeyPackages(): Promise<number> {
    return Number(expect(await this.user.send(`${this.#keyPackages}/count`), 200).get('count'));
  }

  get #keyPackages(): string {
    return `/mls/key-packages/self/${this.clientId}`;
  }

  /** Makes a conversation and begins its group here; the backend knows of it with the first commit. */
  async createGroup(name = 'group'): Promise<MlsTestGroup> {
    const made = await this.user.send('/conversations', { body: { name, protocol: 'mls' } });
    return this.begin(expect(made, 201));
  }

  /** Begins the group of a conversation as the backend has shown it. */
  async begin(shown: TestAnswer): Promise<MlsTestGroup> {
    const { domain, id } = shown.get('qualified_id') as { readonly domain: string; readonly id: string };
    const group = { domain, id, groupId: String(shown.get('group_id')) };
    await this.beginGroup(group);
    return group;
  }

  /** Is the only one in a group that nobody has committed to. */
  async beginGroup({ groupId }: MlsTestGroup): Promise<void> {
    const keys = expect(await this.user.send('/mls/public-keys'), 200).get('removal') as { ed25519: string };
    await this.device.createGroup(groupId, Buffer.from(keys.ed25519, 'base64'));
  }

  /** One key package of each client of the users. */
  async claim(...users: readonly MlsInvited[]): Promise<readonly Buffer[]> {
    const found: Buffer[] = [];
    for (const { domain, id } of users) {
      const answer = await this.user.send(`/mls/key-packages/claim/${domain}/${id}`, { method: 'POST' });
      const bundle = expect(answer, 200).get('key_packages') as readonly { key_package: string }[];
      found.push(...bundle.map((each) => Buffer.from(each.key_package, 'base64')));
    }
    return found;
  }

  /** Commits and, once the backend has taken it, goes on to the next epoch. */
  async commit(
    { groupId }: MlsTestGroup,
    changes: { readonly add?: readonly Buffer[]; readonly remove?: readonly number[] } = {},
  ): Promise<TestAnswer> {
    return this.submit(await this.device.commit(groupId, changes));
  }

  /** Adds every client of the users. */
  async add(group: MlsTestGroup, ...users: readonly MlsInvited[]): Promise<TestAnswer> {
    return this.commit(group, { add: await this.claim(...users) });
  }

  /** Joins without being added. */
  async joinExternally(group: MlsTestGroup): Promise<TestAnswer> {
    const info = expect(await this.user.send(`${pathOf(group)}/groupinfo`), 200);
    return this.submit(await this.device.joinExternally(group.groupId, info.bytes));
  }

  /** Hands a commit to the backend. When the answer is lost, `catchUp` and `settle` find out what has come of it. */
  async submit(made: MadeCommit): Promise<TestAnswer> {
    this.#unsettled.set(made.groupId, made);
    const answer = await this.post('/mls/commit-bundles', made.bundle);
    if (answer.status === 201) this.#accept(made);
    return answer;
  }

  /** Accepts a commit whose answer was lost if the group's info is the one that came with it. */
  async settle(group: MlsTestGroup, made: MadeCommit): Promise<boolean> {
    const info = expect(await this.user.send(`${pathOf(group)}/groupinfo`), 200);
    const isTaken = made.groupInfo.subarray(framingBytes).equals(info.bytes);
    if (isTaken) this.#accept(made);
    return isTaken;
  }

  #accept(made: MadeCommit): void {
    this.#unsettled.delete(made.groupId);
    made.accept();
  }

  async send({ groupId }: MlsTestGroup, text: string): Promise<TestAnswer> {
    return this.post('/mls/messages', await this.device.encrypt(groupId, text));
  }

  /** Sends bytes as MLS. */
  post(path: string, bytes: Buffer): Promise<TestAnswer> {
    return this.user.send(path, { raw: { type: 'message/mls', bytes } });
  }

  /** A subconversation as the backend shows it, with the id of its present group. */
  async subconversation({ domain, id }: MlsTestGroup, name: string): Promise<MlsTestGroup> {
    const shown = await this.user.send(pathOf({ domain, id, groupId: '', subconversation: name }));
    return { domain, id, groupId: String(expect(shown, 200).get('group_id')), subconversation: name };
  }

  /** Reads what is new in the client's stream and takes every MLS message of it. */
  async catchUp(): Promise<MlsSeen> {
    const texts: string[] = [];
    const types: string[] = [];
    const failures: string[] = [];
    for (const event of await this.#readStream()) {
      types.push(event.type);
      try {
        const text = await this.#take(event);
        if (text !== undefined) texts.push(text);
      } catch (error) {
        failures.push((error as Error).message);
      }
    }
    return { texts, types, failures };
  }

  async #take({ type, data }: StreamEvent): Promise<string | undefined> {
    if (type === 'conversation.mls-welcome') {
      await this.device.join(Buffer.from(String(data), 'base64'));
      return undefined;
    }
    if (type !== 'conversation.mls-message-add') return undefined;
    const message = Buffer.from(String(data), 'base64');
    const { groupId, epoch } = this.device.placeOf(message);
    const before = this.device.epoch(groupId);
    const own = this.#unsettled.get(groupId);
    // Others are an epoch ahead, and no commit of theirs has begun it: ours has.
    if (own !== undefined && epoch > before) this.#accept(own);
    const text = await this.device.receive(groupId, message);
    if (this.device.epoch(groupId) > before) this.#unsettled.delete(groupId);
    return text;
  }

  async #readStream(): Promise<readonly StreamEvent[]> {
    const since = this.#since === undefined ? '' : `&since=${this.#since}`;
    const answer = await this.user.send(`/notifications?size=10000&client=${this.clientId}${since}`);
    const list = expect(answer, 200).get('notifications') as readonly {
      readonly id: string;
      readonly payload: readonly StreamEvent[];
    }[];
    this.#since = list.at(-1)?.id ?? this.#since;
    return list.flatMap(({ payload }) => payload);
  }
}

/** The path of a conversation or subconversation. */
function pathOf({ domain, id, subconversation }: MlsTestGroup): string {
  const own = `/conversations/${domain}/${id}`;
  return subconversation === undefined ? own : `${own}/subconversations/${subconversation}`;
}

function expect(answer: TestAnswer, status: number): TestAnswer {
  if (answer.status !== status)
    throw new Error(`found ${answer.status} ${JSON.stringify(answer.body)}, expected ${status}`);
  return answer;
}
