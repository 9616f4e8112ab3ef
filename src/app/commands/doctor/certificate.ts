import { X509Certificate } from 'node:crypto';

/** Object identifiers of the TLS purposes (RFC 5280 4.2.1.12). */
const serverAuth = '1.3.6.1.5.5.7.3.1';
const clientAuth = '1.3.6.1.5.5.7.3.2';

/** What a person wants to know of a certificate. */
export interface CertificateFacts {
  readonly subject: string;
  readonly issuer: string;
  /** dNSName entries of the subject alternative name. */
  readonly names: readonly string[];
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly forServers: boolean;
  readonly forClients: boolean;
}

/** @param certificate PEM (its first certificate counts) or DER. */
export function certificateFacts(certificate: string | Buffer | X509Certificate): CertificateFacts {
  const x509 = certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate);
  const purposes = x509.keyUsage;
  return {
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    names: namesOf(x509.subjectAltName),
    validFrom: x509.validFromDate,
    validTo: x509.validToDate,
    // Without the extension a certificate is good for every purpose.
    forServers: purposes === undefined || purposes.includes(serverAuth),
    forClients: purposes === undefined || purposes.includes(clientAuth),
  };
}

function namesOf(subjectAltName: string | undefined): readonly string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .filter((entry) => entry.startsWith('DNS:'))
    .map((entry) => entry.slice('DNS:'.length));
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

/** Whether a name of the certificate is the host, or a wildcard for its first label (RFC 9525). */
export function namesHost({ names }: CertificateFacts, host: string): boolean {
  const wanted = host.toLowerCase();
  return names.some((name) => {
    const candidate = name.toLowerCase();
    if (!candidate.startsWith('*.')) return candidate === wanted;
    return wanted.slice(wanted.indexOf('.')) === candidate.slice(1);
  });
}

const dayMs = 86_400_000;

/** Days until the certificate ends; negative when it has. */
export function daysLeft({ validTo }: CertificateFacts, now: number): number {
  return Math.floor((validTo.getTime() - now) / dayMs);
}

/** `2027-02-22 (in 90 days)` */
export function validity(facts: CertificateFacts, now: number): string {
  const days = daysLeft(facts, now);
  const when = days >= 0 ? `in ${days} days` : `${-days} days ago`;
  return `${facts.validTo.toISOString().slice(0, 10)} (${when})`;
}
