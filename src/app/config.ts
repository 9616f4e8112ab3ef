import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { ConfigError, type Problem } from './config/problems.ts';
import { readSettings, type Source } from './config/read.ts';
import { type Config, ConfigSchema } from './config/schema.ts';
import { reasonOf } from './terminal/failure.ts';

export { configDocument } from './config/document.ts';
export { ConfigError } from './config/problems.ts';
export type { Config } from './config/schema.ts';

/**
 * Reads and checks a configuration file. Paths in it are relative to it.
 * @throws ConfigError with one line for everything that is wrong.
 */
export function loadConfig(file: string, environment: Source['environment'] = process.env): Config {
  const at = resolve(file);
  let text: string;
  try {
    text = readFileSync(at, 'utf8');
  } catch (cause) {
    throw new ConfigError(file, [
      { path: '', message: `cannot be read: ${reasonOf(cause)}; \`crosswire init\` makes one` },
    ]);
  }
  return parseConfig(file, text, { directory: dirname(at), environment });
}

/** Checks the text of a configuration file; `file` is its name in messages. */
export function parseConfig(file: string, text: string, source: Source): Config {
  const yaml = parseDocument(text, { prettyErrors: true });
  if (yaml.errors.length > 0)
    throw new ConfigError(
      file,
      yaml.errors.map((error) => ({ path: '', message: firstLine(error.message) })),
    );
  return checkConfig(file, yaml.toJS() ?? {}, source);
}

/** Checks a configuration that is already a document. */
export function checkConfig(file: string, document: unknown, source: Source): Config {
  const { value, problems } = readSettings(ConfigSchema, document, source);
  if (problems.length > 0) throw new ConfigError(file, problems);
  const config = value as Config;
  const clashes = [...mailRules(config), ...listenRules(config), ...remoteRules(config)];
  if (clashes.length > 0) throw new ConfigError(file, clashes);
  return {
    ...config,
    storage: { ...config.storage, url: absoluteUrl(config.storage.url, source.directory) },
  };
}

/** The path in a SQLite URL is relative to the file, as every path in it. */
function absoluteUrl(url: string, directory: string): string {
  return url.startsWith('sqlite:') ? `sqlite:${resolve(directory, url.slice('sqlite:'.length))}` : url;
}

function* mailRules({ mail }: Config): Iterable<Problem> {
  if (mail.smtp !== undefined && mail.log === true)
    yield { path: 'mail', message: 'found both smtp and log: true, expected one of them' };
  if (mail.smtp === undefined && mail.log === false)
    yield { path: 'mail', message: 'found log: false without smtp, expected smtp or log: true' };
}

/** Two listeners of one port would be found out only when the second starts. */
function* listenRules({ listen }: Config): Iterable<Problem> {
  const seen = new Map<string, string>();
  for (const [name, at] of Object.entries(listen)) {
    if (at === undefined || at.port === 0) continue;
    const address = `${at.host}:${at.port}`;
    const other = seen.get(address);
    if (other !== undefined)
      yield { path: `listen.${name}.port`, message: `${address} is already used by listen.${other}` };
    seen.set(address, name);
  }
}

/** As wire-server: a remote listed twice with different settings stops the start. */
function* remoteRules({ federation }: Config): Iterable<Problem> {
  const seen = new Map<string, string>();
  for (const [index, remote] of federation.remotes.entries()) {
    const settings = JSON.stringify(remote);
    const other = seen.get(remote.domain);
    if (other !== undefined && other !== settings)
      yield {
        path: `federation.remotes[${index}].domain`,
        message: `${remote.domain} is listed before with other settings, expected one entry for each remote`,
      };
    seen.set(remote.domain, settings);
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/:$/, '') ?? text;
}
