import type { keys, session } from '@wireapp/proteus';
import type { TestUser } from './user.ts';

/** Loaded when the first device is made: commands that only need the rest of the testkit run without the library. */
const loadProteus = () => import('@wireapp/proteus');
type Proteus = Awaited<ReturnType<typeof loadProteus>>;

/** A prekey as a backend hands it out: its id, and the bundle in base64. */
export interface ClaimedPrekey {
  readonly id: number;
  readonly key: string;
}

/** What the others get of a device's keys. */
export interface UploadedKeys {
  readonly prekeys: readonly ClaimedPrekey[];
  readonly lastPrekey: ClaimedPrekey;
}

/**
 * A device that really encrypts: Wire's own Proteus library with its keys in memory. `address` names another device,
 * in any form that the caller keeps to.
 */
export class ProteusDevice<U = TestUser> {
  /** Whose it is. */
  readonly user: U;
  /** The id that the backend gave it. */
  readonly clientId: string;
  readonly #proteus: Proteus;
  readonly #identity: keys.IdentityKeyPair;
  readonly #prekeys: Map<number, keys.PreKey>;
  readonly #sessions = new Map<string, session.Session>();

  private constructor(
    user: U,
    clientId: string,
    proteus: Proteus,
    identity: keys.IdentityKeyPair,
    prekeys: Map<number, keys.PreKey>,
  ) {
    this.user = user;
    this.clientId = clientId;
    this.#proteus = proteus;
    this.#identity = identity;
    this.#prekeys = prekeys;
  }

  /** Makes keys and registers the device with `count` one-time prekeys and a last-resort one. */
  static async register(user: TestUser, count = 5): Promise<ProteusDevice> {
    return await ProteusDevice.create(
      user,
      async ({ prekeys, lastPrekey }) => {
        const answer = await user.send('/clients', {
          body: { type: 'permanent', password: user.password, prekeys, lastkey: lastPrekey },
        });
        if (answer.status !== 201) {
          throw new Error(
            `POST /clients: found ${answer.status} ${JSON.stringify(answer.body)}, expected 201`,
          );
        }
        return String(answer.get('id'));
      },
      count,
    );
  }

  /** Makes keys, and hands the public ones to who registers the device and finds out its id. */
  static async create<U>(
    user: U,
    register: (keys: UploadedKeys) => Promise<string>,
    count = 5,
  ): Promise<ProteusDevice<U>> {
    const proteus = await loadProteus();
    await proteus.init();
    const { IdentityKeyPair, PreKey } = proteus.keys;
    const identity = new IdentityKeyPair();
    const oneTime = PreKey.generate_prekeys(0, count);
    const last = PreKey.last_resort();
    const uploaded = (prekey: keys.PreKey) => bundleOf(proteus, identity, prekey);
    const clientId = await register({ prekeys: oneTime.map(uploaded), lastPrekey: uploaded(last) });
    const stock = new Map([...oneTime, last].map((prekey) => [prekey.key_id, prekey]));
    return new ProteusDevice(user, clientId, proteus, identity, stock);
  }

  /** Starts a session with a device whose prekey was claimed. */
  meet(address: string, prekey: ClaimedPrekey): void {
    const { keys, session } = this.#proteus;
    const bundle = keys.PreKeyBundle.deserialise(bytesOf(Buffer.from(prekey.key, 'base64')));
    this.#sessions.set(address, session.Session.init_from_prekey(this.#identity, bundle));
  }

  /** The ciphertext of a text for a device that was met. */
  encrypt(address: string, text: string): Buffer {
    const known = this.#sessions.get(address);
    if (known === undefined) throw new Error(`no session with ${address}`);
    return Buffer.from(this.#proteus.session.Session.encrypt(known, text).serialise());
  }

  /** The text of a ciphertext from a device; its first one starts the session. Fails when it does not verify. */
  async decrypt(address: string, ciphertext: Buffer): Promise<string> {
    const { message, session } = this.#proteus;
    const envelope = message.Envelope.deserialise(bytesOf(ciphertext));
    const known = this.#sessions.get(address);
    if (known !== undefined) return textOf(await known.decrypt(this.#store, envelope));
    const [begun, plain] = await session.Session.init_from_message(this.#identity, this.#store, envelope);
    this.#sessions.set(address, begun);
    return textOf(plain);
  }

  get #store(): session.PreKeyStore {
    const prekeys = this.#prekeys;
    return {
      load_prekey: async (id) => prekeys.get(id),
      delete_prekey: async (id) => {
        prekeys.delete(id);
        return id;
      },
    };
  }
}

function bundleOf({ keys }: Proteus, identity: keys.IdentityKeyPair, prekey: keys.PreKey): ClaimedPrekey {
  const bundle = new keys.PreKeyBundle(identity.public_key, prekey).serialise();
  return { id: prekey.key_id, key: Buffer.from(bundle).toString('base64') };
}

/** A buffer of its own: the library reads the whole of what lies behind a view. */
function bytesOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
