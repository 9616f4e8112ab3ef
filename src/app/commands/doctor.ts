import { type BackendDomain, parseBackendDomain } from '#contract/ids.ts';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { OperatorError } from '../terminal/failure.ts';
import { type Paint, paintFor } from '../terminal/paint.ts';
import { examine } from './doctor/examine.ts';
import { Examination, type Finding } from './doctor/finding.ts';

export interface DoctorCommand {
  readonly config: string;
  readonly json?: boolean;
}

/** `crosswire doctor [DOMAIN]`: exit code 0 when every step is good, else 1. */
export async function doctor(domain: string | undefined, command: DoctorCommand): Promise<void> {
  const remote = domain === undefined ? undefined : remoteDomain(domain);
  const paint = paintFor(process.stdout);
  const exam = new Examination((finding) => {
    if (command.json !== true) process.stdout.write(lineOf(finding, paint));
  });
  const config = examineConfig(exam, command.config);
  if (config !== undefined) await examine(exam, config, remote);
  if (command.json === true) {
    const report = { ok: exam.isGood, domain: config?.domain, remote, findings: exam.findings };
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  } else process.stdout.write(summary(exam, paint));
  process.exitCode = exam.isGood ? 0 : 1;
}

function remoteDomain(text: string): BackendDomain {
  const domain = parseBackendDomain(text);
  if (domain === undefined)
    throw new OperatorError(`found ${text}, expected a backend domain such as b.example.com`);
  return domain;
}

function examineConfig(exam: Examination, file: string): Config | undefined {
  try {
    const config = loadConfig(file);
    exam.good(
      'ours',
      'configuration',
      `${file} is well-formed: ${config.domain} at ${config.infrastructureDomain}`,
    );
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const { path, message } of error.problems)
      exam.bad(
        'ours',
        'configuration',
        `${path === '' ? file : path}: ${message}`,
        'docs/config.md has every setting',
      );
    return undefined;
  }
}

const whose = { ours: 'our side', theirs: 'their side', network: 'the way between' } as const;

function lineOf({ result, step, found, side, mend }: Finding, paint: Paint): string {
  if (result === 'good') return `${paint('green', '✓')} ${step}: ${paint('dim', found)}\n`;
  if (result === 'skipped') return `${paint('dim', `- ${step}: not examined, ${found}`)}\n`;
  return `${paint('red', '✗')} ${step}: ${found}\n    ${paint('yellow', whose[side])}: ${mend ?? ''}\n`;
}

function summary(exam: Examination, paint: Paint): string {
  const bad = exam.findings.filter(({ result }) => result === 'bad');
  if (bad.length === 0) return paint('green', `\nall ${exam.findings.length} steps are good\n`);
  const ours = bad.filter(({ side }) => side === 'ours').length;
  return paint(
    'red',
    `\n${bad.length} of ${exam.findings.length} steps are bad, ${ours} of them on our side\n`,
  );
}
