import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { IssuedCertificate } from '#testkit';
import { type CertificateFacts, certificateFacts } from '../doctor/certificate.ts';
import { type Handshake, openTcp, type ProbeTarget, shakeHands } from '../doctor/probe.ts';
import type { BackendDescription } from '../network/description.ts';
import type { RunningNetwork } from '../network/run.ts';

/** A handshake with a backend's ingress, and the certificate that was shown to it. */
export interface ShownHandshake extends Handshake {
  readonly shown: CertificateFacts;
}

/** Connects as another backend of the network does, or with a certificate of one's own making. */
export async function shakeHandsWith(
  network: RunningNetwork,
  remote: BackendDescription,
  identity: { readonly as: BackendDescription } | { readonly with: Pick<IssuedCertificate, 'chain' | 'key'> },
): Promise<ShownHandshake> {
  const pair = 'as' in identity ? await filesOf(identity.as) : identity.with;
  const target: ProbeTarget = {
    address: remote.ingress.host,
    port: remote.ingress.port,
    host: remote.infrastructureDomain,
    certificate: pair.chain,
    key: pair.key,
    ca: network.authority.certificate,
    timeoutMs: 5_000,
  };
  const handshake = await shakeHands(await openTcp(target), target);
  return { ...handshake, shown: certificateFacts(pair.chain) };
}

async function filesOf({ config }: BackendDescription): Promise<Pick<IssuedCertificate, 'chain' | 'key'>> {
  const tls = join(dirname(config), 'tls');
  const [chain, key] = await Promise.all([
    readFile(join(tls, 'cert.pem'), 'utf8'),
    readFile(join(tls, 'key.pem'), 'utf8'),
  ]);
  return { chain, key };
}
