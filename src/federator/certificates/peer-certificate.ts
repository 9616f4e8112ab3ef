import { X509Certificate } from 'node:crypto';
import { refuse } from '#contract/refusal.ts';
import { contentOf, type DerElement, derTags, readElement, readElements, readOid } from './der.ts';
import { DnsNames } from './dns-names.ts';

/** What the checks of this backend need to know of a certificate; read once, however often it is shown. */
export interface PeerCertificate {
  readonly x509: X509Certificate;
  /** SHA-256 of the whole. */
  readonly fingerprint: string;
  readonly version: number;
  readonly dnsNames: DnsNames;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Object identifiers of the extended key usages; undefined without the extension: any use. */
  readonly purposes: readonly string[] | undefined;
  /** undefined without the key usage extension: any use. */
  readonly maySign: boolean | undefined;
  readonly signatureAlgorithm: string;
  /** Object identifiers of critical extensions that this reader does not know. */
  readonly unknownCritical: readonly string[];
  /** At most so many authorities below this one; undefined without a bound. */
  readonly pathLength: number | undefined;
}

const oids = {
  keyUsage: '2.5.29.15',
  alternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** Critical extensions that OpenSSL judges or that are judged here. */
const knownCritical: ReadonlySet<string> = new Set([
  ...Object.values(oids),
  '2.5.29.30', // name constraints
  '2.5.29.32', // certificate policies
  '2.5.29.36', // policy constraints
  '2.5.29.54', // inhibit any policy
]);

/**
 * Reads a certificate, DER bytes or one PEM object.
 * @throws Refusal `certificate-parse-error`, saying what does not fit.
 */
export function readCertificate(source: Buffer | string): PeerCertificate {
  try {
    const x509 = new X509Certificate(source);
    return { x509, ...readValidity(x509), fingerprint: x509.fingerprint256, ...readFields(x509.raw) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse('certificate-parse-error', {
      message: `The certificate cannot be read: ${reason}`,
      cause: error,
    });
  }
}

function readValidity(x509: X509Certificate) {
  const notBeforeMs = x509.validFromDate.getTime();
  const notAfterMs = x509.validToDate.getTime();
  if (Number.isNaN(notBeforeMs) || Number.isNaN(notAfterMs))
    throw new SyntaxError('its dates cannot be read');
  return { notBeforeMs, notAfterMs };
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue } (RFC 5280 4.1). */
function readFields(der: Buffer) {
  const [toBeSigned, algorithm, , tooMuch] = readElements(readElement(der, derTags.sequence));
  if (tooMuch !== undefined) throw new SyntaxError('a certificate has three members');
  const fields = readElements(contentOf(toBeSigned, derTags.sequence));
  const [algorithmOid] = readElements(contentOf(algorithm, derTags.sequence));
  const [first] = fields;
  const explicitVersion = first?.tag === 0xa0 ? first : undefined;
  const extensions = readExtensions(fields.find(({ tag }) => tag === 0xa3));
  return {
    version: explicitVersion === undefined ? 1 : readVersion(explicitVersion),
    signatureAlgorithm: readOid(contentOf(algorithmOid, derTags.oid)),
    dnsNames: new DnsNames(readDnsNames(extensions.get(oids.alternativeName))),
    purposes: readPurposes(extensions.get(oids.extendedKeyUsage)),
    maySign: readMaySign(extensions.get(oids.keyUsage)),
    pathLength: readPathLength(extensions.get(oids.basicConstraints)),
    unknownCritical: [...extensions]
      .filter(([oid, { critical }]) => critical && !knownCritical.has(oid))
      .map(([oid]) => oid),
  };
}

function readVersion(element: DerElement): number {
  const value = readElement(element.content, derTags.integer);
  if (value.length !== 1) throw new SyntaxError('its version cannot be read');
  return value.readUInt8(0) + 1;
}

interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

function readExtensions(element: DerElement | undefined): ReadonlyMap<string, Extension> {
  const extensions = new Map<string, Extension>();
  if (element === undefined) return extensions;
  for (const entry of readElements(readElement(element.content, derTags.sequence))) {
    const members = readElements(contentOf(entry, derTags.sequence));
    const oid = readOid(contentOf(members[0], derTags.oid));
    if (extensions.has(oid)) throw new SyntaxError(`it has the extension ${oid} twice`);
    const flagged = members[1]?.tag === derTags.boolean ? members[1] : undefined;
    const critical = flagged !== undefined && flagged.content[0] !== 0;
    const value = contentOf(members[flagged === undefined ? 1 : 2], derTags.octetString);
    extensions.set(oid, { critical, value });
  }
  return extensions;
}

/** Only dNSName entries name a host here; URIs, mail and IP addresses do not (reference 1.5). */
function readDnsNames(extension: Extension | undefined): readonly string[] {
  if (extension === undefined) return [];
  return readElements(readElement(extension.value, derTags.sequence))
    .filter(({ tag }) => tag === derTags.dnsName)
    .map(({ content }) => content.toString('latin1'));
}

function readPurposes(extension: Extension | undefined): readonly string[] | undefined {
  if (extension === undefined) return undefined;
  return readElements(readElement(extension.value, derTags.sequence)).map((element) =>
    readOid(contentOf(element, derTags.oid)),
  );
}

function readMaySign(extension: Extension | undefined): boolean | undefined {
  if (extension === undefined) return undefined;
  const bits = readElement(extension.value, derTags.bitString);
  return ((bits[1] ?? 0) & 0x80) !== 0;
}

function readPathLength(extension: Extension | undefined): number | undefined {
  if (extension === undefined) return undefined;
  const last = readElements(readElement(extension.value, derTags.sequence)).at(-1);
  if (last?.tag !== derTags.integer || last.content.length > 4) return undefined;
  return last.content.readIntBE(0, last.content.length);
}

const shownNames = 5;

/** Subject, issuer, names and dates, for the message of a refusal. */
export function describeCertificate(certificate: PeerCertificate): string {
  const { all } = certificate.dnsNames;
  const names = all.slice(0, shownNames).map((name) => `DNS:${shorten(name)}`);
  if (all.length > shownNames) names.push(`${all.length - shownNames} more`);
  const dates = `valid from ${isoDate(certificate.notBeforeMs)} to ${isoDate(certificate.notAfterMs)}`;
  return (
    `subject ${distinguishedName(certificate.x509.subject)}, issuer ${distinguishedName(certificate.x509.issuer)}, ` +
    `names ${names.length === 0 ? 'none' : names.join(' ')}, ${dates}`
  );
}

function isoDate(ms: number): string {
  return new Date(ms).toISOString();
}

/** Node writes one attribute a line. */
function distinguishedName(text: string | undefined): string {
  return text === undefined || text === '' ? '(empty)' : shorten(text.replaceAll('\n', ', '));
}

/** What a stranger wrote goes into messages bounded and without control characters. */
function shorten(text: string): string {
  const printable = text.replace(/[\x00-\x1f\x7f-\x9f]/g, '\ufffd');
  return printable.length > 120 ? `${printable.slice(0, 120)}…` : printable;
}
