import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { TlsMaterial } from '../faces.ts';
import type { PeerCertificate } from './peer-certificate.ts';
import { readBundle } from './trust-path.ts';

export interface CertificateFiles {
  /** PEM: the own certificate, then its intermediates. */
  readonly certificate: string;
  /** PEM: its private key, unencrypted. */
  readonly key: string;
  /** PEM: the roots trusted for remotes. */
  readonly ca: string;
  /** PEM: revocation lists of every authority that remotes' certificates come from. */
  readonly crl?: string;
}

/** The files as they were read together. */
export interface FileContents {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  readonly crl: string | undefined;
  /** Of all of them: equal digests, equal material. */
  readonly digest: string;
}

/** Why the files of a certificate cannot be used: names the file and what is wrong with it. */
export class CertificateFileError extends Error {
  readonly file: string;

  constructor(file: string, reason: string, cause?: unknown) {
    super(`${file}: ${reason}`, { cause });
    this.name = 'CertificateFileError';
    this.file = file;
  }
}

/** @throws CertificateFileError for a file that cannot be read. */
export async function readFiles(files: CertificateFiles): Promise<FileContents> {
  const [certificate, key, ca, crl] = await Promise.all([
    readText(files.certificate),
    readText(files.key),
    readText(files.ca),
    files.crl === undefined ? undefined : readText(files.crl),
  ]);
  const digest = createHash('sha256')
    .update([certificate, key, ca, crl ?? ''].join('\0'))
    .digest('hex');
  return { certificate, key, ca, crl, digest };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CertificateFileError(file, `cannot be read: ${reason}`, error);
  }
}

/** Material that was judged usable, with the certificates in it. */
export interface LoadedMaterial {
  readonly material: TlsMaterial;
  readonly digest: string;
  readonly leaf: PeerCertificate;
  readonly roots: readonly PeerCertificate[];
}

/**
 * Judges the files' contents, so that nothing unusable is ever put in use.
 * @throws CertificateFileError naming the first file that is wrong, and why.
 */
export function judgeMaterial(
  files: CertificateFiles,
  contents: FileContents,
  infrastructureDomain: string,
  generation: number,
  nowMs: number,
): LoadedMaterial {
  const [leaf] = readCertificates(files.certificate, contents.certificate);
  const roots = readCertificates(files.ca, contents.ca);
  if (leaf === undefined) throw new CertificateFileError(files.certificate, 'holds no certificate in PEM');
  if (roots.length === 0) throw new CertificateFileError(files.ca, 'holds no certificate in PEM');
  const key = readKey(files.key, contents.key);
  if (!leaf.x509.checkPrivateKey(key)) {
    throw new CertificateFileError(
      files.key,
      `is not the private key of the certificate in ${files.certificate}`,
    );
  }
  if (!leaf.dnsNames.cover(infrastructureDomain)) {
    const found = leaf.dnsNames.all.slice(0, 10).join(', ') || 'no DNS name';
    throw new CertificateFileError(
      files.certificate,
      `does not carry the infrastructure domain ${infrastructureDomain} as subject alternative name; found ${found}`,
    );
  }
  mustBeInDate(files.certificate, leaf, nowMs);
  const { certificate, ca, crl } = contents;
  const material: TlsMaterial = {
    generation,
    certificate,
    key: contents.key,
    ca,
    ...(crl === undefined ? {} : { crl }),
  };
  mustMakeContext(files, material);
  return { material, digest: contents.digest, leaf, roots };
}

function readCertificates(file: string, pem: string): readonly PeerCertificate[] {
  try {
    return readBundle(pem);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CertificateFileError(file, reason, error);
  }
}

function readKey(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // OpenSSL's text may quote what it read; the file's name is enough.
    throw new CertificateFileError(file, 'holds no unencrypted private key in PEM', error);
  }
}

function mustBeInDate(file: string, leaf: PeerCertificate, nowMs: number): void {
  const now = new Date(nowMs).toISOString();
  if (nowMs < leaf.notBeforeMs) {
    const from = new Date(leaf.notBeforeMs).toISOString();
    throw new CertificateFileError(file, `is valid from ${from} only; it is ${now} here`);
  }
  if (nowMs > leaf.notAfterMs) {
    throw new CertificateFileError(
      file,
      `expired on ${new Date(leaf.notAfterMs).toISOString()}; it is ${now} here`,
    );
  }
}

function mustMakeContext(files: CertificateFiles, material: TlsMaterial): void {
  const { certificate: cert, key, ca, crl } = material;
  try {
    createSecureContext({ cert, key, ca });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CertificateFileError(files.certificate, `cannot be used for TLS: ${reason}`, error);
  }
  if (crl === undefined || files.crl === undefined) return;
  try {
    createSecureContext({ ca, crl });
  } catch (error) {
    throw new CertificateFileError(files.crl, 'holds no revocation list in PEM', error);
  }
}
