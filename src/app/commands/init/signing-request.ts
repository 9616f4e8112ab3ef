import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { join } from 'node:path';
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  PemConverter,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from '@peculiar/x509';
import type { InfrastructureDomain } from '#contract/ids.ts';
import { type Identity, writeAll } from './identity.ts';

/** A key and a signing request for a CA that the other backends trust (PKCS#10, RFC 2986). */
export async function requestCertificate(directory: string, name: InfrastructureDomain): Promise<Identity> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      name: `CN=${name}`,
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      ],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const files = [
    { file: join(directory, 'tls', 'key.pem'), text: PemConverter.encode(key, 'PRIVATE KEY'), mode: 0o600 },
    { file: join(directory, 'tls', 'request.csr'), text: request.toString('pem'), mode: 0o644 },
  ];
  await writeAll(files);
  return {
    wrote: files.map(({ file }) => file),
    steps: [
      'Have tls/request.csr signed, for servers and clients; put the certificate chain into tls/cert.pem',
      'Put the roots that you trust for remotes into tls/ca.pem',
    ],
  };
}
