import { parseBackendDomain } from '#contract/ids.ts';
import type { RemoteQueue } from '#contract/internal/outbox.ts';
import type { RemoteDomain } from '#contract/profiles.ts';
import type { RemoteStatus } from '#federator';
import { type Config, loadConfig } from '../config.ts';
import { urlOf } from '../slices.ts';
import { OperatorError } from '../terminal/failure.ts';
import { type Paint, paintFor } from '../terminal/paint.ts';

interface Common {
  readonly config: string;
  readonly json?: boolean;
}

export interface AllowCommand extends Common {
  readonly search: RemoteDomain['search_policy'];
  readonly team?: readonly string[];
}

interface RemotesAnswer {
  readonly strategy: string;
  readonly remotes: readonly RemoteDomain[];
}

/** `crosswire federation list` */
export async function listRemotes(command: Common): Promise<void> {
  const config = loadConfig(command.config);
  const found = (await ask(config, 'GET', '/i/federation/remotes')) as RemotesAnswer;
  if (command.json) return print(found);
  const paint = paintFor(process.stdout);
  process.stdout.write(`strategy ${paint('bold', found.strategy)}: ${meaning[found.strategy] ?? ''}\n`);
  if (found.remotes.length === 0)
    process.stdout.write('no remotes on the list; add one: crosswire federation allow DOMAIN\n');
  for (const { domain, search_policy: search, restriction } of found.remotes) {
    const teams = restriction.tag === 'allow_all' ? 'all teams' : `teams ${restriction.value.join(', ')}`;
    process.stdout.write(`  ${domain.padEnd(32)} ${search.padEnd(20)} ${teams}\n`);
  }
}

const meaning: Readonly<Record<string, string>> = {
  allowNone: 'no remote is talked to',
  allowDynamic: 'the remotes below are talked to, nobody else',
  allowAll: 'every remote is talked to; users of those below may search here',
};

/** `crosswire federation allow DOMAIN` */
export async function allowRemote(text: string, command: AllowCommand): Promise<void> {
  const config = loadConfig(command.config);
  const domain = remoteDomain(text);
  const restriction =
    command.team === undefined
      ? { tag: 'allow_all', value: null }
      : { tag: 'restrict_by_team', value: command.team };
  const entry = { domain, search_policy: command.search, restriction };
  await ask(config, 'POST', '/i/federation/remotes', entry);
  if (command.json) return print(entry);
  process.stdout.write(`${config.domain} federates with ${domain} from now on (${command.search})\n`);
  process.stdout.write(
    `check the way there and back: crosswire doctor ${domain} --config ${command.config}\n`,
  );
}

/** `crosswire federation deny DOMAIN` */
export async function denyRemote(text: string, command: Common): Promise<void> {
  const config = loadConfig(command.config);
  const domain = remoteDomain(text);
  await ask(config, 'DELETE', `/i/federation/remotes/${domain}`);
  const { strategy } = (await ask(config, 'GET', '/i/federation/remotes')) as RemotesAnswer;
  if (command.json) return print({ domain, strategy });
  process.stdout.write(
    strategy === 'allowAll'
      ? `${domain} is off the list, but the strategy allowAll still talks to it; its users find nobody here\n`
      : `${config.domain} no longer federates with ${domain}\n`,
  );
}

/** `crosswire federation status`: the ways to remotes, and what waits for them. */
export async function federationStatus(command: Common): Promise<void> {
  const config = loadConfig(command.config);
  const { enabled } = config.federation;
  const remotes = enabled ? await askRemotes(config) : [];
  const { queues } = (await ask(config, 'GET', '/i/federation/queues')) as {
    readonly queues: readonly RemoteQueue[];
  };
  if (command.json) return print({ remotes, queues });
  if (!enabled) process.stdout.write('federation is off (federation.enabled); no remote is called\n');
  else if (remotes.length === 0)
    process.stdout.write('no remote has been called since the backend started\n');
  const paint = paintFor(process.stdout);
  for (const remote of remotes) process.stdout.write(`${statusLines(remote, paint).join('\n')}\n`);
  if (queues.length === 0) process.stdout.write('nothing waits for a remote\n');
  for (const queue of queues) process.stdout.write(`${queueLines(queue, paint).join('\n')}\n`);
}

async function askRemotes(config: Config): Promise<readonly RemoteStatus[]> {
  const answer = (await askAt(config, 'outward', 'GET', '/i/federation/status')) as {
    readonly remotes: readonly RemoteStatus[];
  };
  return answer.remotes;
}

/** `crosswire federation retry DOMAIN` */
export async function retryQueue(text: string, command: Common): Promise<void> {
  const config = loadConfig(command.config);
  const domain = remoteDomain(text);
  const answer = (await ask(config, 'POST', `/i/federation/queues/${domain}/retry`)) as {
    readonly requeued: number;
  };
  if (command.json) return print({ domain, ...answer });
  process.stdout.write(
    `${domain} is tried now, and ${answer.requeued} notifications that were set aside wait for it again\n`,
  );
}

export interface DropCommand extends Common {
  readonly what: 'dead-letters' | 'all';
}

/** `crosswire federation drop DOMAIN` */
export async function dropQueue(text: string, command: DropCommand): Promise<void> {
  const config = loadConfig(command.config);
  const domain = remoteDomain(text);
  const answer = (await ask(config, 'DELETE', `/i/federation/queues/${domain}?what=${command.what}`)) as {
    readonly dead_letters: number;
    readonly notifications: number;
  };
  if (command.json) return print({ domain, ...answer });
  process.stdout.write(
    `dropped for good: ${answer.dead_letters} notifications that were set aside and ${answer.notifications} that waited for ${domain}\n`,
  );
}

/** Dead letters that are told one by one; `--json` has more. */
const shownDeadLetters = 10;

function queueLines(queue: RemoteQueue, paint: Paint): readonly string[] {
  const { domain, depth, lanes, oldest_at: oldest, dead_letters: letters, dead_letter_count: dead } = queue;
  const colour = queue.state === 'going' ? 'green' : 'red';
  const since = oldest === undefined ? '' : `, the oldest since ${oldest}`;
  const next = queue.next_attempt_at === undefined ? '' : `, next attempt ${queue.next_attempt_at}`;
  const error = queue.last_error;
  return [
    `${paint('bold', domain)}: ${depth} notifications in ${lanes} lanes wait${since}; ${paint(colour, queue.state)}${next}`,
    ...(error === undefined ? [] : [`  last error ${error.at}: ${error.label}: ${error.message}`]),
    ...(dead === 0 ? [] : [`  ${dead} set aside; try them again: crosswire federation retry ${domain}`]),
    ...letters
      .slice(0, shownDeadLetters)
      .map(
        (letter) =>
          `    ${letter.set_aside_at} ${letter.component}/${letter.rpc} in ${letter.lane}: ${letter.label}: ${letter.reason}`,
      ),
  ];
}

function statusLines(remote: RemoteStatus, paint: Paint): readonly string[] {
  const colour = remote.breaker === 'closed' ? 'green' : 'red';
  const next = remote.nextAttemptAt === undefined ? '' : `, next attempt ${remote.nextAttemptAt}`;
  const lines = [
    `${paint('bold', remote.domain)}: breaker ${paint(colour, remote.breaker)}${next}, ${remote.waiting} calls waiting`,
    ...remote.sessions.map(
      ({ endpoint, state, streams, openedAt }) =>
        `  session to ${endpoint}: ${state}, ${streams} streams, open since ${openedAt}`,
    ),
  ];
  const failure = remote.lastFailure;
  return failure === undefined
    ? lines
    : [...lines, `  last failure ${failure.at}: ${failure.label}: ${failure.message}`];
}

function remoteDomain(text: string): string {
  const domain = parseBackendDomain(text);
  if (domain === undefined)
    throw new OperatorError(`found ${text}, expected a backend domain such as b.example.com`);
  return domain;
}

function ask(config: Config, method: string, path: string, body?: unknown): Promise<unknown> {
  return askAt(config, 'internal', method, path, body);
}

/** Asks the running backend. What it refuses, and that it is down, is told in one line. */
async function askAt(
  config: Config,
  listener: 'internal' | 'outward',
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const url = urlOf(config.listen[listener]);
  let answer: Response;
  try {
    answer = await fetch(`${url}${path}`, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
  } catch (cause) {
    throw new OperatorError(
      `${config.domain} does not answer at ${url} (listen.${listener}); start it: crosswire serve --config …`,
      { cause },
    );
  }
  const text = await answer.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  if (answer.ok) return json;
  const { label, message } = (json ?? {}) as { readonly label?: string; readonly message?: string };
  throw new OperatorError(`${config.domain} refuses: ${answer.status} ${label}: ${message}`);
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
