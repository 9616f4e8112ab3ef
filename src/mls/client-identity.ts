import { X509Certificate } from 'node:crypto';
import {
  type BackendDomain,
  type ClientId,
  parseBackendDomain,
  parseUuid,
  type UserId,
} from '#contract/ids.ts';
import type { SignatureScheme } from './cipher-suites.ts';
import type { LeafNode } from './leaf-node.ts';
import { isKeyOfCertificate } from './signatures.ts';

/** A client as groups know it (reference client-api 8.1). */
export interface MlsClientIdentity {
  readonly user: UserId;
  readonly client: ClientId;
  readonly domain: BackendDomain;
}

const basicForm = /^([0-9a-f-]{36}):([0-9a-f]{1,16})@(.+)$/;
const uriForm = /(?:^|, )URI:wireapp:\/\/([\w-]{22})%21([0-9a-f]{1,16})@([^,/?#]+)(?:,|$)/;

/** `<user>:<client>@<domain>` */
export function identityText({ user, client, domain }: MlsClientIdentity): string {
  return `${user}:${client}@${domain}`;
}

/**
 * Who a leaf says it is: by the text of a basic credential, or by the SAN URI of the first certificate, which must be
 * for the leaf's own key. Undefined when it says so in no form that we know.
 */
export function identityOf(
  { credential, signatureKey }: Pick<LeafNode, 'credential' | 'signatureKey'>,
  scheme: SignatureScheme,
): MlsClientIdentity | undefined {
  if (credential.type === 'basic') return fromText(Buffer.from(credential.identity).toString('utf8'));
  const [first] = credential.certificates;
  const certificate = first && parseCertificate(first);
  if (certificate === undefined || !isKeyOfCertificate(certificate, signatureKey, scheme)) return undefined;
  return fromUri(certificate.subjectAltName ?? '');
}

function fromText(text: string): MlsClientIdentity | undefined {
  const [, user = '', client = '', domain = ''] = basicForm.exec(text) ?? [];
  return identity(user, client, domain);
}

function fromUri(names: string): MlsClientIdentity | undefined {
  const [, encoded = '', client = '', domain = ''] = uriForm.exec(names) ?? [];
  const hex = Buffer.from(encoded, 'base64url').toString('hex');
  return identity(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'), client, domain);
}

function identity(user: string, client: string, domain: string): MlsClientIdentity | undefined {
  const userId = parseUuid<UserId>(user);
  const backend = parseBackendDomain(domain);
  // Leading zeros make another text of the same client.
  if (userId === undefined || backend === undefined || client.startsWith('0')) return undefined;
  return { user: userId, client: client as ClientId, domain: backend };
}

function parseCertificate(der: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}
