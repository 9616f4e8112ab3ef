import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type InfrastructureDomain, parseBackendDomain, parseInfrastructureDomain } from '#contract/ids.ts';
import { loadConfig } from '../config.ts';
import { OperatorError, reasonOf } from '../terminal/failure.ts';
import { type Answers, configText } from './init/config-text.ts';
import { dnsRecords } from './init/dns-records.ts';
import { type Identity, issueDevelopmentCertificate } from './init/identity.ts';
import { openPrompt, type Prompt } from './init/prompt.ts';

export interface InitCommand {
  readonly dir: string;
  readonly domain?: string;
  readonly infrastructureDomain?: string;
  readonly strategy: 'allowNone' | 'allowDynamic' | 'allowAll';
  readonly certificate: 'dev' | 'csr';
  readonly address?: string;
  readonly ingressPort: string;
  readonly clientPort: string;
  readonly yes?: boolean;
}

/** `crosswire init`: a folder from which `crosswire serve` starts. Never overwrites a file. */
export async function init(command: InitCommand): Promise<void> {
  await using prompt = openPrompt(command.yes !== true && process.stdin.isTTY === true);
  const answers = await ask(command, prompt);
  const directory = resolve(command.dir);
  const configFile = join(directory, 'crosswire.yaml');
  await mkdir(join(directory, 'tls'), { recursive: true });
  await mkdir(join(directory, 'data'), { recursive: true });
  const next = await makeIdentity(command.certificate, directory, answers.infrastructureDomain);
  await writeNew(configFile, configText(answers));
  loadConfig(configFile);
  const shown = shortest(configFile);
  process.stdout.write(
    [
      `Wrote ${shown}`,
      ...next.wrote.map((file) => `Wrote ${shortest(file)}`),
      '',
      'Publish these DNS records, so that other backends find this one:',
      '',
      ...dnsRecords(answers).map((line) => `  ${line}`),
      '',
      'Then:',
      '',
      ...[
        ...next.steps,
        `crosswire serve --config ${shown}`,
        `crosswire doctor --config ${shown}    # is everything right?`,
        `crosswire federation allow OTHER.EXAMPLE --config ${shown}`,
      ].map((line, index) => `  ${index + 1}. ${line}`),
      '',
    ].join('\n'),
  );
}

async function makeIdentity(
  kind: InitCommand['certificate'],
  directory: string,
  name: InfrastructureDomain,
): Promise<Identity> {
  if (kind === 'dev') return issueDevelopmentCertificate(directory, name);
  const { requestCertificate } = await import('./init/signing-request.ts');
  return requestCertificate(directory, name);
}

async function ask(command: InitCommand, prompt: Prompt): Promise<Answers> {
  const domain = await prompt.ask({
    given: command.domain,
    flag: '--domain',
    question: 'Backend domain (the part after @ of every user; cannot change later)',
    read: (text) => parseBackendDomain(text) ?? wrong('a domain such as b.example.com'),
  });
  const infrastructureDomain = await prompt.ask({
    given: command.infrastructureDomain,
    flag: '--infrastructure-domain',
    question: 'Host name that other backends connect to',
    fallback: `wire.${domain}`,
    read: (text) => parseInfrastructureDomain(text) ?? wrong('a host name such as wire.example.com'),
  });
  return {
    domain,
    infrastructureDomain,
    strategy: command.strategy,
    address: command.address,
    ingressPort: port('--ingress-port', command.ingressPort),
    clientPort: port('--client-port', command.clientPort),
  };
}

function wrong(expected: string): never {
  throw new OperatorError(`expected ${expected}`);
}

/** A path as the operator would type it. */
function shortest(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}

function port(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value;
  throw new OperatorError(`${flag}: found ${text}, expected a port, 1 to 65535`);
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (cause) {
    throw new OperatorError(`${file} cannot be written: ${reasonOf(cause)}`, { cause });
  }
}
