import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { refuse } from '#contract/refusal.ts';

/**
 * Password hashes: argon2id with OWASP's parameters (19 MiB, two passes), stored in PHC form so that they may be
 * raised later. A hash takes some 30 ms of a core and 19 MiB: only a few run at once, the rest wait their turn.
 */

interface Parameters {
  readonly memoryKib: number;
  readonly passes: number;
  readonly parallelism: number;
}

const current: Parameters = { memoryKib: 19_456, passes: 2, parallelism: 1 };
const tagBytes = 32;
const saltBytes = 16;
const phcSyntax =
  /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

export interface Passwords {
  /** The stored form of a new password. */
  hash(password: string): Promise<string>;
  /**
   * Whether the password is the hashed one. Without a hash it works as long and answers false, so that the time
   * does not tell which accounts exist.
   */
  verify(password: string, hash: string | null): Promise<boolean>;
}

/**
 * @param concurrency most hashes that are computed at once: two leave the other two threads of Node's pool to files and
 * look-ups.
 */
export function createPasswords(concurrency = 2): Passwords {
  const turn = createTurnstile(concurrency);
  return {
    async hash(password) {
      const salt = randomBytes(saltBytes);
      const tag = await turn(() => digest(password, salt, current, tagBytes));
      const { memoryKib, passes, parallelism } = current;
      return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${encode(salt)}$${encode(tag)}`;
    },
    async verify(password, hash) {
      const stored = hash === null ? undefined : parse(hash);
      const { parameters, salt, tag } = stored ?? decoy;
      const found = await turn(() => digest(password, salt, parameters, tag.length));
      return timingSafeEqual(found, tag) && stored !== undefined;
    },
  };
}

interface Stored {
  readonly parameters: Parameters;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

const decoy: Stored = { parameters: current, salt: randomBytes(saltBytes), tag: randomBytes(tagBytes) };

function parse(hash: string): Stored {
  const [, memoryKib, passes, parallelism, salt, tag] = phcSyntax.exec(hash) ?? [];
  if (salt === undefined || tag === undefined) throw new Error('a stored password hash is not in PHC form');
  return {
    parameters: { memoryKib: Number(memoryKib), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  };
}

function digest(password: string, salt: Buffer, parameters: Parameters, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2(
      'argon2id',
      {
        message: Buffer.from(password),
        nonce: salt,
        parallelism: parameters.parallelism,
        tagLength: bytes,
        memory: parameters.memoryKib,
        passes: parameters.passes,
      },
      (error, tag) => (error === null || error === undefined ? resolve(tag) : reject(error)),
    );
  });
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

/** Whoever comes when as many wait would wait for some ten seconds. */
const mostWaiting = 800;

/**
 * Lets a number of tasks run at once; the others wait in the order they came.
 * @throws Refusal `too-many-requests` when too many wait already.
 */
function createTurnstile(places: number): <T>(task: () => Promise<T>) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free -= 1;
    else if (waiting.length < mostWaiting) await new Promise<void>((resolve) => waiting.push(resolve));
    else throw refuse('too-many-requests', { headers: { 'retry-after': '10' } });
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
