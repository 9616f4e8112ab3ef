import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { NotificationList } from '#contract/client/notifications.ts';
import type { UserId } from '#contract/ids.ts';
import { eachDatabase } from '../notifications/databases.ts';
import { newUser, numbered, openRig, type Rig } from '../notifications/rig.ts';

/** Events arrive whatever happens between their commit and the client. */

eachDatabase('R30 event streams', (freshUrl) => {
  it('R30 leaves no gap and sends nothing twice to a client that reconnects and catches up under load', async () => {
    await using rig = await openRig({ url: await freshUrl() });
    const alice = newUser();
    const writers = 4;
    const each = 150;
    let isOver = false;
    const write = async (writer: number) => {
      for (let n = 0; n < each; n += 1) {
        await rig.push(numbered(writer * each + n, { user: alice }));
        await nextTurn();
      }
    };
    const writing = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer))).then(() => {
      isOver = true;
    });

    const slices: (readonly string[])[] = [];
    let since: string | undefined;
    while (!isOver) {
      await using socket = await rig.connect(alice, { connection: String(slices.length % 3) });
      const caughtUp = await idsAfter(rig, alice, since);
      await socket.until(({ received }) => isOver || received.length >= 20);
      const live = socket.received.map(({ id }) => id);
      assert.equal(new Set(live).size, live.length, 'nothing twice on one socket');
      const slice = [...new Set([...caughtUp, ...live])];
      slices.push(slice);
      since = slice.at(-1) ?? since;
    }
    await writing;
    const all = await idsAfter(rig, alice, undefined);
    assert.equal(all.length, writers * each);
    const seen = slices.flat();
    assert.deepEqual(seen, all.slice(0, seen.length), 'one slice goes on where the one before ended');
    assert.ok(slices.length > 2, `${slices.length} connections`);
  });

  it('cuts off a slow reader with a code, keeps what it costs bounded, and keeps everything for it', async () => {
    const maxBufferedBytes = 64 * 1024;
    await using rig = await openRig({ url: await freshUrl(), settings: { maxBufferedBytes } });
    const [alice, bob] = [newUser(), newUser()];
    await using slow = await rig.connect(alice);
    await using other = await rig.connect(bob);
    slow.socket.pause();
    const text = 'x'.repeat(100_000);
    const count = 150;
    for (let n = 0; n < count; n += 1) {
      const event = { type: 'test', n, text };
      await rig.push({ recipients: [{ user: alice }], event }, numbered(n, { user: bob }));
    }
    await other.until(({ received }) => received.length === count);
    slow.socket.resume();
    assert.equal(await slow.closed, 1013);
    assert.ok(slow.received.length < count, `${slow.received.length} of ${count} came live`);
    assert.deepEqual(
      slow.numbers,
      slow.numbers.map((_, index) => index),
      'what came is a beginning without gaps',
    );
    const rest = await idsAfter(rig, alice, slow.received.at(-1)?.id);
    assert.equal(slow.received.length + rest.length, count);
  });

  it('does not let a client that asks and never reads cost more than the bound', async () => {
    await using rig = await openRig({ url: await freshUrl(), settings: { maxBufferedBytes: 16 * 1024 } });
    await using greedy = await rig.connect(newUser());
    greedy.socket.pause();
    for (let round = 0; greedy.socket.readyState === greedy.socket.OPEN && round < 400; round += 1) {
      for (let n = 0; n < 500; n += 1) greedy.socket.ping('x'.repeat(125), undefined, () => {});
      await nextTurn();
      if (greedy.socket.bufferedAmount > 4 * 1024 * 1024) break;
    }
    greedy.socket.resume();
    assert.equal(await greedy.closed, 1013);
  });

  it('R30 finds in the stream what a process had committed when it was killed before delivering it', async () => {
    const url = await freshUrl();
    const alice = newUser();
    const file = fileURLToPath(new URL('../notifications/push-and-die.ts', import.meta.url));
    const child = spawn(process.execPath, [file, url, alice], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');
    await using rig = await openRig({ url });
    await using socket = await rig.connect(alice);
    assert.equal((await idsAfter(rig, alice, undefined)).length, 1);
    await rig.push(numbered(2, { user: alice }));
    await socket.until(({ received }) => received.length > 0);
    assert.deepEqual(socket.numbers, [2]);
    const ids = await idsAfter(rig, alice, undefined);
    assert.deepEqual(ids.length, 2);
    assert.equal(ids.at(-1), socket.received[0]?.id);
  });
});

async function idsAfter(rig: Rig, user: UserId, since: string | undefined): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let last = since; ; last = ids.at(-1) ?? last) {
    const query = last === undefined ? '' : `&since=${last}`;
    const { status, body } = await rig.get(user, `/v5/notifications?size=100${query}`);
    assert.equal(status, 200);
    const { notifications, has_more } = body as NotificationList;
    ids.push(...notifications.map(({ id }) => id));
    if (!has_more) return ids;
  }
}
