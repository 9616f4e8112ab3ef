import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../../config.ts';
import { reasonOf } from '../../terminal/failure.ts';
import { type CertificateFacts, certificateFacts, daysLeft, namesHost, validity } from './certificate.ts';
import type { Examination } from './finding.ts';

/** The backend's own TLS files, read and fit to be used for probing. */
export interface OwnIdentity {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
  readonly facts: CertificateFacts;
}

/** A certificate with fewer days left than this wants attention: CAs are slow and week-ends happen. */
const renewWithinDays = 7;

/** Reads certificate, key and CA of the configuration and examines them. Undefined when they cannot be used. */
export function examineIdentity(exam: Examination, config: Config, now: number): OwnIdentity | undefined {
  const files = readFiles(exam, config);
  if (files === undefined) return undefined;
  const facts = examineCertificate(exam, config, files, now);
  return facts === undefined ? undefined : { ...files, facts };
}

interface Files {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

function readFiles(exam: Examination, { federation }: Config): Files | undefined {
  const texts = { certificate: '', key: '', ca: '' };
  let good = true;
  for (const name of ['certificate', 'key', 'ca'] as const) {
    try {
      texts[name] = readFileSync(federation[name], 'utf8');
    } catch (error) {
      good = false;
      exam.bad(
        'ours',
        `file of federation.${name}`,
        `${federation[name]}: ${reasonOf(error)}`,
        'put the file there, readable for this user, or change the path in the configuration',
      );
    }
  }
  return good ? texts : undefined;
}

function examineCertificate(
  exam: Examination,
  { federation, infrastructureDomain }: Config,
  files: Files,
  now: number,
): CertificateFacts | undefined {
  const step = 'own certificate and key';
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(files.certificate);
    if (!x509.checkPrivateKey(createPrivateKey(files.key))) {
      exam.bad(
        'ours',
        step,
        `${federation.key} is not the key of ${federation.certificate}`,
        'use the key that the certificate was requested with, or request a new certificate for this key',
      );
      return undefined;
    }
    new X509Certificate(files.ca);
  } catch (error) {
    exam.bad(
      'ours',
      step,
      `cannot be read: ${reasonOf(error)}`,
      'expected PEM files; the key without a pass phrase',
    );
    return undefined;
  }
  const facts = certificateFacts(x509);
  exam.good('ours', step, `${facts.subject}, issued by ${facts.issuer}`);
  examineNames(exam, facts, infrastructureDomain);
  examineDates(exam, facts, now);
  examinePurposes(exam, facts, federation.trustServerOnlyCertificates);
  return facts;
}

function examineNames(exam: Examination, facts: CertificateFacts, host: string): void {
  const step = 'own certificate names the infrastructure domain';
  const found = facts.names.length === 0 ? 'no DNS names' : facts.names.join(', ');
  if (namesHost(facts, host)) exam.good('ours', step, found);
  else
    exam.bad(
      'ours',
      step,
      `found ${found}, expected ${host}`,
      `request a certificate with subject alternative name DNS:${host}`,
    );
}

function examineDates(exam: Examination, facts: CertificateFacts, now: number): void {
  const step = 'own certificate is valid today';
  const until = `until ${validity(facts, now)}`;
  if (facts.validFrom.getTime() > now)
    exam.bad(
      'ours',
      step,
      `valid only from ${facts.validFrom.toISOString()}`,
      'set the clock of this machine, or wait',
    );
  else if (daysLeft(facts, now) < 0) exam.bad('ours', step, until, 'renew the certificate');
  else if (daysLeft(facts, now) < renewWithinDays)
    exam.bad('ours', step, until, 'renew the certificate before it ends; it is taken up without a restart');
  else exam.good('ours', step, until);
}

function examinePurposes(exam: Examination, facts: CertificateFacts, serverOnlyIsTrusted: boolean): void {
  const step = 'own certificate may be used by servers and clients';
  if (!facts.forServers)
    exam.bad('ours', step, 'not for TLS servers', 'request a certificate with usages server and client');
  else if (facts.forClients) exam.good('ours', step, 'both');
  else if (serverOnlyIsTrusted)
    exam.good('ours', step, 'servers only; remotes need federation.trustServerOnlyCertificates, as set here');
  else
    exam.bad(
      'ours',
      step,
      'servers only',
      'request a certificate with usage client as well, or agree with your remotes on trustServerOnlyCertificates: true',
    );
}
