import { fileURLToPath } from 'node:url';
import { isRunning, type NetworkBackend, type TestNetwork, until } from '#testkit';
import type { CrashPoint } from './crash-point-names.ts';

/** A process that has just come up gets so many of its decisive moments before it dies in one. */
const momentsAlive = 40;
const preload = fileURLToPath(new URL('./crash-points.ts', import.meta.url));

/** Starts a backend that dies at the point, and resolves when it has. */
export async function crashAt(
  network: TestNetwork,
  backend: NetworkBackend,
  point: CrashPoint,
): Promise<void> {
  const started = await network.start(backend, {
    NODE_OPTIONS: `--import=${preload}`,
    CRASH_POINT: point,
    CRASH_AFTER: String(momentsAlive),
  });
  await until(`${backend.domain} to die ${point}`, () => !isRunning(started.pid));
  await started.ended;
}
