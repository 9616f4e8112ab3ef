import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeepAlive, type KeptAlive } from './keep-alive.ts';

const times = { pingSeconds: 1200, answerSeconds: 10, maxLifeSeconds: 259_200 };

/** A wheel with a clock of its own, and sockets that remember what was done to them and when. */
function openWheel() {
  let now = 1000;
  const wheel = new KeepAlive(times, () => now);
  return {
    wheel,
    add() {
      const events: string[] = [];
      const start = now;
      const turn = wheel.newTurn();
      let isOpen = true;
      const socket: KeptAlive = {
        turn,
        get isOpen() {
          return isOpen;
        },
        ping: () => events.push(`ping ${now - start}`),
        giveUp: (reason) => {
          isOpen = false;
          events.push(`${reason} ${now - start}`);
        },
      };
      wheel.add(socket);
      return { socket, events, close: () => (isOpen = false) };
    },
    pass(seconds: number, each: () => void = () => {}) {
      for (let second = 0; second < seconds; second += 1) {
        now += 1;
        wheel.advance();
        each();
      }
    },
    [Symbol.dispose]: () => wheel[Symbol.dispose](),
  };
}

test('a socket that answers is pinged at once and then after each interval', () => {
  using rig = openWheel();
  const { socket, events } = rig.add();
  rig.pass(3, () => rig.wheel.exchanged(socket));
  rig.pass(1199);
  assert.deepEqual(events, ['ping 0']);
  rig.pass(1);
  assert.deepEqual(events, ['ping 0', 'ping 1203']);
});

test('a socket that does not answer is pinged twice, ten seconds apart, and given up after ten more', () => {
  using rig = openWheel();
  const { events } = rig.add();
  rig.pass(100);
  assert.deepEqual(events, ['ping 0', 'ping 10', 'unanswered 20']);
});

test('any frame counts as an answer', () => {
  using rig = openWheel();
  const { socket, events } = rig.add();
  rig.pass(15);
  rig.wheel.heard(socket);
  rig.pass(1199);
  assert.deepEqual(events, ['ping 0', 'ping 10']);
  rig.pass(1);
  assert.deepEqual(events, ['ping 0', 'ping 10', 'ping 1215']);
});

test('data does not put off a ping that is due, an exchange of pings does', () => {
  using rig = openWheel();
  const [talking, pinging] = [rig.add(), rig.add()];
  for (const { socket } of [talking, pinging]) rig.wheel.exchanged(socket);
  rig.pass(1100);
  rig.wheel.heard(talking.socket);
  rig.wheel.exchanged(pinging.socket);
  rig.pass(150);
  assert.ok(talking.events.includes('ping 1200'));
  assert.deepEqual(pinging.events, ['ping 0']);
});

test('a shorter interval holds at once, and for this socket alone', () => {
  using rig = openWheel();
  const [quick, usual] = [rig.add(), rig.add()];
  rig.wheel.exchanged(usual.socket);
  rig.wheel.exchanged(quick.socket);
  rig.wheel.exchanged(quick.socket, 30);
  for (let round = 0; round < 3; round += 1) {
    rig.pass(30);
    rig.wheel.exchanged(quick.socket);
  }
  assert.deepEqual(quick.events, ['ping 0', 'ping 30', 'ping 60', 'ping 90']);
  assert.deepEqual(usual.events, ['ping 0']);
});

test('a socket ends with the first ping that is due or exchanged after its longest life', () => {
  using rig = openWheel();
  const [pinging, silent] = [rig.add(), rig.add()];
  rig.pass(times.maxLifeSeconds, () => {
    if (pinging.socket.isOpen) rig.wheel.exchanged(pinging.socket);
    rig.wheel.heard(silent.socket);
  });
  assert.deepEqual(pinging.events, ['ping 0', `expired ${times.maxLifeSeconds}`]);
  rig.pass(1300);
  assert.match(silent.events.at(-1) ?? '', /^expired 2\d{5}$/);
});

test('a socket is asked soon when somebody waits for its place, and given up when it does not answer', () => {
  using rig = openWheel();
  const [there, gone] = [rig.add(), rig.add()];
  rig.wheel.exchanged(there.socket);
  rig.wheel.exchanged(gone.socket);
  rig.pass(5);
  rig.wheel.probe(there.socket);
  rig.wheel.probe(gone.socket);
  rig.pass(1);
  rig.wheel.exchanged(there.socket);
  rig.wheel.probe(gone.socket);
  rig.pass(30);
  assert.deepEqual(there.events, ['ping 0', 'ping 6']);
  assert.deepEqual(gone.events, ['ping 0', 'ping 6', 'ping 16', 'unanswered 26']);
});

test('a closed socket is left alone', () => {
  using rig = openWheel();
  const { events, close } = rig.add();
  close();
  rig.pass(2000);
  assert.deepEqual(events, ['ping 0']);
});
