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

export interface NewFile {
  readonly file: string;
  readonly text: string;
  readonly mode: number;
}

/** Writes all or, when one is there already, none. */
export async function writeAll(files: readonly NewFile[]): Promise<void> {
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
