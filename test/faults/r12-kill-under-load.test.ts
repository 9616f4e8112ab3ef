import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  isRunning,
  type NetworkBackend,
  openNetwork,
  type TestNetwork,
  type TestProcess,
  until,
} from '#testkit';
import { crashAt } from './crash-at.ts';
import { crashPoints } from './crash-point-names.ts';
import { openMessageLoad } from './message-load.ts';

/*
 * R12: three backends, 20 conversations over all of them with two senders each, 100 messages a second, and backends
 * that die, at decisive moments and at any time. Whatever a sender was told is sent, every other member sees: once, and
 * in the same order as all. `CROSSWIRE_FAULTS` sets the number of kills for each database.
 */

const faults = Number(process.env.CROSSWIRE_FAULTS ?? 20);
const conversations = 20;
const messagesPerSecond = 100;

for (const storage of ['sqlite', 'postgres'] as const)
  describe(`R12 ${faults} kills under load on ${storage}`, () => {
    it('loses nothing that was acknowledged, shows nothing twice, and keeps the order', async (t) => {
      await using network = await openNetwork({ backends: 3, storage });
      await using load = await openMessageLoad(network, { conversations, messagesPerSecond });
      const running = new Map<NetworkBackend, TestProcess>();
      for (let fault = 0; fault < faults; fault += 1) await strike(network, running, fault);
      for (const backend of network.backends) await again(network, running, backend);
      await load.stop();
      await load.sendLast();
      await until('everything acknowledged to be seen', () => load.oracle.missing === 0, 60_000).catch(
        () => undefined,
      );
      const { acknowledged, seen, ...wrong } = load.oracle.verdict();
      t.diagnostic(`${faults} kills, ${acknowledged} messages acknowledged, ${seen} seen`);
      assert.deepEqual(wrong, { lost: [], twice: [], disordered: [] });
      assert.ok(acknowledged > faults, `${acknowledged} messages acknowledged`);
    });
  });

/** Every other time a backend dies at a named moment, otherwise at any. */
async function strike(
  network: TestNetwork,
  running: Map<NetworkBackend, TestProcess>,
  fault: number,
): Promise<void> {
  const backend = network.backend(fault % network.backends.length);
  const point = fault % 2 === 0 ? undefined : crashPoints[((fault - 1) / 2) % crashPoints.length];
  if (point === undefined) {
    await delay(Math.random() * 1_000);
    await network.kill(backend);
    running.set(backend, await network.start(backend));
    return;
  }
  await network.kill(backend);
  await crashAt(network, backend, point);
  running.set(backend, await network.start(backend));
}

/** Makes sure that a backend runs. */
async function again(
  network: TestNetwork,
  running: ReadonlyMap<NetworkBackend, TestProcess>,
  backend: NetworkBackend,
): Promise<void> {
  const pids = [running.get(backend)?.pid ?? backend.pids].flat();
  if (!pids.every(isRunning)) await network.start(backend);
}
