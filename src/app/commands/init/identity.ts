import { webcrypto } from 'node:crypto';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InfrastructureDomain } from '#contract/ids.ts';
import { OperatorError } from '../../terminal/failure.ts';

/** What was made for the backend to show, and what is left for the operator to do. */
export interface Identity {
  readonly wrote: readonly string[];
  readonly steps: readonly string[];
}

/** A CA for trying out, a certificate from it, and the CA as the only root that is trusted. */
export async function issueDevelopmentCertificate(
  directory: string,
  name: InfrastructureDomain,
): Promise<Identity> {
  const { createAuthority } = await import('#testkit');
  const authority = createAuthority({ commonName: `Development CA of ${name}` });
  const issued = authority.issue({ names: [name] });
  const files = [
    { file: join(directory, 'ca', 'ca.pem'), text: authority.certificate, mode: 0o644 },
    { file: join(directory, 'ca', 'ca-key.pem'), text: authority.key, mode: 0o600 },
    { file: join(directory, 'tls', 'cert.pem'), text: issued.chain, mode: 0o644 },
    { file: join(directory, 'tls', 'key.pem'), text: issued.key, mode: 0o600 },
    { file: join(directory, 'tls', 'ca.pem'), text: authority.certificate, mode: 0o644 },
  ];
  await writeAll(files);
  return {
    wrote: files.map(({ file }) => file),
    steps: [
      'Append the CA of each backend that you try this with to tls/ca.pem, and this ca/ca.pem to theirs.',
    ],
  };
}

/** A key and a signing request for a CA that the other backends trust (PKCS#10, RFC 2986). */
export async function requestCertificate(directory: string, name: InfrastructureDomain): Promise<Identity> {
  await import('reflect-metadata');
  const {
    ExtendedKeyUsage,
    ExtendedKeyUsageExtension,
    Pkcs10CertificateRequestGenerator,
    PemConverter,
    SubjectAlternativeNameExtension,
  } = await import('@peculiar/x509');
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

interface NewFile {
  readonly file: string;
  readonly text: string;
  readonly mode: number;
}

/** Writes all or, when one is there already, none. */
async function writeAll(files: readonly NewFile[]): Promise<void> {
  for (const { file } of files) {
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (exists)
      throw new OperatorError(`${file} is there already, and is not overwritten; choose another --dir`);
  }
  for (const { file, text, mode } of files) {
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, text.endsWith('\n') ? text : `${text}\n`, { flag: 'wx', mode });
  }
}
