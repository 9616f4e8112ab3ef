import type {
  CiphersuiteImpl,
  ClientState,
  KeyPackage,
  MLSMessage,
  PrivateKeyPackage,
  Proposal,
} from 'ts-mls';

/** Loaded when the first device is made: commands that only need the rest of the testkit run without the library. */
const loadMls = async () => ({
  ...(await import('ts-mls')),
  ...(await import('ts-mls/keyPackage.js')),
  ...(await import('ts-mls/groupInfo.js')),
});
type Mls = Awaited<ReturnType<typeof loadMls>>;

const suiteNames = {
  1: 'MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519',
  2: 'MLS_128_DHKEMP256_AES128GCM_SHA256_P256',
} as const;
/** Cipher suites that test devices have. */
export type TestSuite = keyof typeof suiteNames;

/** A key package as a backend takes it, with what only its device knows. */
export interface MadeKeyPackage {
  readonly bytes: Buffer;
  readonly publicPackage: KeyPackage;
  readonly privatePackage: PrivateKeyPackage;
}

/** What a commit has to bring to the owner of a group. */
export interface MadeCommit {
  /** In base64. */
  readonly groupId: string;
  /** Commit, group info and welcome, if somebody was added, one after the other. */
  readonly bundle: Buffer;
  readonly commit: Buffer;
  readonly welcome: Buffer | undefined;
  readonly groupInfo: Buffer;
  /** Makes the new epoch the device's own, once the owner has taken the commit. */
  accept(): void;
}

export interface KeyPackageTimes {
  /** Unix seconds. */
  readonly notBefore?: bigint;
  readonly notAfter?: bigint;
}

const weekSeconds = 604_800n;

/** A device that really encrypts with MLS: its keys and groups are in memory, by group id in base64. */
export class MlsDevice {
  /** `<user>:<client>@<domain>` */
  readonly identity: string;
  readonly suite: TestSuite;
  readonly #mls: Mls;
  readonly #crypto: CiphersuiteImpl;
  readonly #keys: { readonly signKey: Uint8Array; readonly publicKey: Uint8Array };
  readonly #packages: MadeKeyPackage[] = [];
  readonly #groups = new Map<string, ClientState>();

  private constructor(
    identity: string,
    suite: TestSuite,
    mls: Mls,
    crypto: CiphersuiteImpl,
    keys: MlsDevice['publicKeys'],
  ) {
    this.identity = identity;
    this.suite = suite;
    this.#mls = mls;
    this.#crypto = crypto;
    this.#keys = keys;
  }

  static async create(identity: string, suite: TestSuite = 1): Promise<MlsDevice> {
    const mls = await loadMls();
    const crypto = await mls.getCiphersuiteImpl(mls.getCiphersuiteFromName(suiteNames[suite]));
    return new MlsDevice(identity, suite, mls, crypto, await crypto.signature.keygen());
  }

  get publicKeys(): { readonly signKey: Uint8Array; readonly publicKey: Uint8Array } {
    return this.#keys;
  }

  /** What the backend knows the device's signatures by. */
  get signatureKey(): Buffer {
    return Buffer.from(this.#keys.publicKey);
  }

  /** Makes a key package that others can add this device with. */
  async makeKeyPackage(times: KeyPackageTimes = {}): Promise<MadeKeyPackage> {
    const now = BigInt(Math.floor(Date.now() / 1000));
    const { notBefore = now - 3_600n, notAfter = now + 12n * weekSeconds } = times;
    const made = await this.#mls.generateKeyPackageWithKey(
      { credentialType: 'basic', identity: Buffer.from(this.identity) },
      {
        versions: ['mls10'],
        ciphersuites: Object.values(suiteNames),
        extensions: [],
        proposals: [],
        credentials: ['basic', 'x509'],
      },
      { notBefore, notAfter },
      [],
      this.#keys,
      this.#crypto,
    );
    const keyPackage = { ...made, bytes: Buffer.from(this.#mls.encodeKeyPackage(made.publicPackage)) };
    this.#packages.push(keyPackage);
    return keyPackage;
  }

  epoch(groupId: string): bigint {
    return this.#group(groupId).groupContext.epoch;
  }

  /** A secret that all members of an epoch have in common, and nobody else. */
  async exportSecret(groupId: string): Promise<Buffer> {
    const { exporterSecret } = this.#group(groupId).keySchedule;
    return Buffer.from(
      await this.#mls.mlsExporter(exporterSecret, 'test', new Uint8Array(), 32, this.#crypto),
    );
  }

  /** Begins a group with itself as the only member, at epoch 0. */
  async createGroup(groupId: string, removalKey?: Buffer): Promise<void> {
    const { publicPackage, privatePackage } = await this.makeKeyPackage();
    const senders = removalKey === undefined ? [] : [externalSenders(removalKey)];
    const bytes = new Uint8Array(Buffer.from(groupId, 'base64'));
    const state = await this.#mls.createGroup(bytes, publicPackage, privatePackage, senders, this.#crypto);
    this.#groups.set(groupId, state);
  }

  /** Commits, with what members have proposed before, and adds and removes. */
  async commit(
    groupId: string,
    changes: { readonly add?: readonly Buffer[]; readonly remove?: readonly number[] } = {},
  ): Promise<MadeCommit> {
    const proposals: Proposal[] = [
      ...(changes.add ?? []).map((bytes) => this.#addition(bytes)),
      ...(changes.remove ?? []).map((removed) => ({ proposalType: 'remove', remove: { removed } }) as const),
    ];
    const { newState, welcome, commit } = await this.#mls.createCommit(
      { state: this.#group(groupId), cipherSuite: this.#crypto },
      { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals: proposals },
    );
    const framedWelcome = welcome && this.#frame({ version: 'mls10', wireformat: 'mls_welcome', welcome });
    return await this.#made(groupId, newState, this.#frame(commit), framedWelcome);
  }

  /** Joins by itself, with the group info that the owner gives out. */
  async joinExternally(groupId: string, bareGroupInfo: Buffer): Promise<MadeCommit> {
    const [groupInfo] = this.#mls.decodeGroupInfo(new Uint8Array(bareGroupInfo), 0) ?? [];
    if (groupInfo === undefined) throw new Error('not a group info');
    const { publicPackage, privatePackage } = await this.makeKeyPackage();
    const { publicMessage, newState } = await this.#mls.joinGroupExternal(
      groupInfo,
      publicPackage,
      privatePackage,
      false,
      this.#crypto,
    );
    const commit = this.#frame({ version: 'mls10', wireformat: 'mls_public_message', publicMessage });
    return await this.#made(groupId, newState, commit, undefined);
  }

  /** Joins by the welcome that somebody's commit has made for one of this device's key packages. */
  async join(framedWelcome: Buffer): Promise<string> {
    const message = this.#parse(framedWelcome);
    if (message.wireformat !== 'mls_welcome')
      throw new Error(`found ${message.wireformat}, expected a welcome`);
    for (const { publicPackage, privatePackage } of this.#packages) {
      const reference = Buffer.from(await this.#mls.makeKeyPackageRef(publicPackage, this.#crypto.hash));
      if (!message.welcome.secrets.some(({ newMember }) => reference.equals(newMember))) continue;
      const state = await this.#mls.joinGroup(
        message.welcome,
        publicPackage,
        privatePackage,
        this.#mls.emptyPskIndex,
        this.#crypto,
      );
      const groupId = Buffer.from(state.groupContext.groupId).toString('base64');
      this.#groups.set(groupId, state);
      return groupId;
    }
    throw new Error('the welcome is for none of the key packages');
  }

  /** Proposes to remove a member, as a public message. */
  async proposeRemoval(groupId: string, removed: number): Promise<Buffer> {
    const proposal = { proposalType: 'remove', remove: { removed } } as const;
    const { newState, message } = await this.#mls.createProposal(
      this.#group(groupId),
      true,
      proposal,
      this.#crypto,
    );
    this.#groups.set(groupId, newState);
    return this.#frame(message);
  }

  async encrypt(groupId: string, text: string): Promise<Buffer> {
    const { newState, privateMessage } = await this.#mls.createApplicationMessage(
      this.#group(groupId),
      new Uint8Array(Buffer.from(text)),
      this.#crypto,
    );
    this.#groups.set(groupId, newState);
    return this.#frame({ version: 'mls10', wireformat: 'mls_private_message', privateMessage });
  }

  /** The group, by its id in base64, and the epoch that a message is of. */
  placeOf(framed: Buffer): { readonly groupId: string; readonly epoch: bigint } {
    const message = this.#parse(framed);
    switch (message.wireformat) {
      case 'mls_private_message':
        return placeOf(message.privateMessage);
      case 'mls_public_message':
        return placeOf(message.publicMessage.content);
      default:
        throw new Error(`found ${message.wireformat}, expected a message of a group`);
    }
  }

  /** Takes a message of the group. Returns the text of an application message, undefined for any other. */
  async receive(groupId: string, framed: Buffer): Promise<string | undefined> {
    const message = this.#parse(framed);
    if (message.wireformat !== 'mls_private_message' && message.wireformat !== 'mls_public_message')
      throw new Error(`found ${message.wireformat}, expected a message of the group`);
    const result = await this.#mls.processMessage(
      message,
      this.#group(groupId),
      this.#mls.emptyPskIndex,
      this.#mls.acceptAll,
      this.#crypto,
    );
    this.#groups.set(groupId, result.newState);
    return result.kind === 'applicationMessage' ? Buffer.from(result.message).toString() : undefined;
  }

  #group(groupId: string): ClientState {
    const state = this.#groups.get(groupId);
    if (state === undefined) throw new Error(`${this.identity} is in no group ${groupId}`);
    return state;
  }

  #addition(bytes: Buffer): Proposal {
    const [keyPackage] = this.#mls.decodeKeyPackage(new Uint8Array(bytes), 0) ?? [];
    if (keyPackage === undefined) throw new Error('not a key package');
    return { proposalType: 'add', add: { keyPackage } };
  }

  #frame(message: MLSMessage): Buffer {
    return Buffer.from(this.#mls.encodeMlsMessage(message));
  }

  #parse(framed: Buffer): MLSMessage {
    const [message] = this.#mls.decodeMlsMessage(new Uint8Array(framed), 0) ?? [];
    if (message === undefined) throw new Error('not an MLS message');
    return message;
  }

  async #made(
    groupId: string,
    newState: ClientState,
    commit: Buffer,
    welcome: Buffer | undefined,
  ): Promise<MadeCommit> {
    const info = await this.#mls.createGroupInfoWithExternalPubAndRatchetTree(newState, [], this.#crypto);
    const groupInfo = this.#frame({ version: 'mls10', wireformat: 'mls_group_info', groupInfo: info });
    return {
      groupId,
      bundle: Buffer.concat([commit, groupInfo, ...(welcome === undefined ? [] : [welcome])]),
      commit,
      welcome,
      groupInfo,
      accept: () => void this.#groups.set(groupId, newState),
    };
  }
}

function placeOf({ groupId, epoch }: { readonly groupId: Uint8Array; readonly epoch: bigint }) {
  return { groupId: Buffer.from(groupId).toString('base64'), epoch };
}

/**
 * The extension that names the backend's removal key as the only external sender (RFC 9420 section 12.1.8.1), in the
 * form of this version of the library: one sender, where the RFC has a list.
 */
function externalSenders(key: Buffer) {
  const length = (bytes: Buffer) =>
    bytes.length < 0x40 ? [bytes.length] : [0x40 + (bytes.length >> 8), bytes.length & 0xff];
  const opaque = (bytes: Buffer) => Buffer.concat([Buffer.from(length(bytes)), bytes]);
  const sender = Buffer.concat([opaque(key), Buffer.from([0, 1]), opaque(Buffer.from('backend'))]);
  return { extensionType: 'external_senders' as const, extensionData: new Uint8Array(sender) };
}
