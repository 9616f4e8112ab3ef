import { dirname, join } from 'node:path';
import { openServeProcess, type ServeProcess } from '../network/child.ts';
import type { BackendDescription } from '../network/description.ts';
import type { Story } from './story.ts';

const startMs = 15_000;

/** Ends a backend as a power cut would. */
export function killAtOnce(story: Story, { domain, pids }: BackendDescription): void {
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  story.fact('killed', `process ${pids.join(', ')} of ${domain}`);
}

/** Brings it up again; the caller disposes of the process. */
export async function startAgain(story: Story, { config }: BackendDescription): Promise<ServeProcess> {
  const again = openServeProcess(['--config', config], join(dirname(config), 'backend.log'), startMs);
  const { pids } = await again.ready;
  story.fact('started', `process ${pids.join(', ')}, on the same data`);
  return again;
}
