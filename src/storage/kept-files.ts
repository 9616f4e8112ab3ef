import { randomUUID } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';

/** Small files that are made once and then kept: keys. */

/** @throws Error that names the file, when it is there and cannot be read */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Creates a file whole, for its owner's eyes only, or returns what another process created first: replicas that share
 * the directory and start together end up with the same content.
 */
export async function createOnce(path: string, text: string): Promise<string> {
  const draft = `${path}.${randomUUID()}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
    return text;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    return await readFile(path, 'utf8');
  } finally {
    await unlink(draft);
  }
}
