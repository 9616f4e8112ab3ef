import { getCiphersuiteFromName, getCiphersuiteImpl } from 'ts-mls';
import { decodeKeyPackage, makeKeyPackageRef } from 'ts-mls/keyPackage.js';
import * as clients from '#contract/client/clients.ts';
import * as routes from '#contract/client/key-packages.ts';
import type { ClientId } from '#contract/ids.ts';
import type { AuthenticatedUser } from '#contract/route.ts';
import { password, type Rig } from './brig-rig.ts';
import { newClient } from './clients-suite.ts';
import { type Forgery, makeKeyPackage, makeSignatureKeys, type SignatureKeys } from './forged-key-package.ts';

export const domain = 'a.example.com';

/** A client with the signature key that it has registered, as the user who calls from it. */
export interface Device {
  readonly user: AuthenticatedUser;
  readonly id: ClientId;
  readonly keys: SignatureKeys;
  /** Makes a key package of it and of this moment. */
  make(forgery?: Forgery): Promise<string>;
}

export async function addDevice(rig: Rig, user: AuthenticatedUser): Promise<Device> {
  const keys = await makeSignatureKeys();
  const body = newClient({
    password,
    mls_public_keys: { ed25519: Buffer.from(keys.publicKey).toString('base64') },
  });
  const { id } = (await rig.send(clients.addClientV6, { user, body })).body;
  const seconds = BigInt(rig.clock.now / 1000);
  const times = { notBefore: seconds - 60n, notAfter: seconds + 3600n };
  return {
    user: { ...user, clientId: id },
    id,
    keys,
    async make(forgery = {}) {
      const identity = `${user.userId}:${id}@${domain}`;
      return (await makeKeyPackage(identity, { keys, ...times, ...forgery })).toString('base64');
    },
  };
}

/** The reference by another way than the code under test. */
export async function referenceOf(text: string): Promise<string> {
  const [keyPackage] = decodeKeyPackage(new Uint8Array(Buffer.from(text, 'base64')), 0) ?? [];
  if (keyPackage === undefined) throw new Error('not a key package');
  const { hash } = await getCiphersuiteImpl(getCiphersuiteFromName(keyPackage.cipherSuite));
  return Buffer.from(await makeKeyPackageRef(keyPackage, hash)).toString('base64');
}

export function createSteps(rig: Rig) {
  return {
    upload: (device: Pick<Device, 'user' | 'id'>, ...given: readonly string[]) =>
      rig.send(routes.uploadKeyPackages, {
        user: device.user,
        params: { client: device.id },
        body: { key_packages: given },
      }),
    async count(device: Pick<Device, 'user' | 'id'>, ciphersuite?: string): Promise<number> {
      const query: Record<string, string> = ciphersuite === undefined ? {} : { ciphersuite };
      const params = { client: device.id };
      return (await rig.send(routes.countKeyPackagesV7, { user: device.user, params, query })).body.count;
    },
    async claim(user: AuthenticatedUser, uid: string, ciphersuite?: string) {
      const query: Record<string, string> = ciphersuite === undefined ? {} : { ciphersuite };
      const answer = await rig.send(routes.claimKeyPackagesV7, { user, params: { domain, uid }, query });
      return answer.body.key_packages;
    },
  };
}
