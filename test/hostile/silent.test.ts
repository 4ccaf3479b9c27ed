/**
 * Ten thousand connections that never speak (issue: bad input): a client beside them is served as
 * if they were not there, each costs a bounded amount of memory, and all are dropped once they had
 * their time. Also: what a client leaves open after its connection is over.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../actors/clock.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { handshake, Rig, request } from '../support/hostile-rig.ts';
import { settledBytes } from '../support/memory.ts';
import { treeTop } from '../support/tidy-source.ts';

/** The system's time, which the test moves forward. */
const leap = { ms: 0 };
const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + leap.ms };
const sessionlessTimeoutMs = 120_000;
const rig = new Rig({ clock, settings: { sessionlessTimeoutMs } });

const wanted = 10_000;
/** Files that the replica and vitest have open besides. */
const filesBesides = 500;
const bytesPerConnectionMax = 20 * 1024;

/** How many connections the limit of open files leaves room for. */
function possibleCount(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const soft = Number(/Max open files\s+(\d+)/.exec(limits)?.[1] ?? wanted + filesBesides);
  return Math.min(wanted, soft - filesBesides);
}

async function said(clients: ChildProcess, word: string): Promise<void> {
  let text = '';
  for await (const [part] of onData(clients)) {
    text += part;
    if (text.includes(word)) return;
  }
}

async function* onData(clients: ChildProcess): AsyncGenerator<[Buffer]> {
  for (;;) yield (await once(clients.stdout!, 'data')) as [Buffer];
}

test('10,000 silent connections disturb nobody, cost little and are dropped', async () => {
  const count = possibleCount();
  const { counters } = rig.replica;
  const { connections } = rig.replica.clients;
  await rig.expectService();
  const before = { rss: await settledBytes(), size: connections.size };
  const refusedBefore = counters.refusedConnections;
  const script = join(treeTop, 'test/support/silent-clients.mjs');
  const clients = spawn(process.execPath, [script, String(rig.port), String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const isOpen = said(clients, 'open');
  while (connections.size < before.size + count) await rig.expectService();
  await isOpen;
  const perConnection = ((await settledBytes()) - before.rss) / count;
  const startedMs = performance.now();
  for (let left = 100; left > 0; left--) await rig.expectService();
  const serviceMs = (performance.now() - startedMs) / 100;

  const isClosed = said(clients, 'closed');
  leap.ms = sessionlessTimeoutMs + 1;
  await isClosed;
  await rig.expectService();
  await expect.poll(() => connections.size).toBe(before.size);
  clients.kill();

  console.log(
    `silent connections: ${count}, ${Math.round(perConnection)} bytes each; ` +
      `a create and a read beside them took ${serviceMs.toFixed(2)} ms`,
  );
  expect(perConnection).toBeLessThan(bytesPerConnectionMax);
  expect(counters.refusedConnections - refusedBefore).toBe(count);
}, 120_000);

test('a client that never closes its side loses its socket in the end', async () => {
  const { connections } = rig.replica.clients;
  const { size } = connections;
  const socket = connect({ port: rig.port, host: '127.0.0.1', allowHalfOpen: true });
  // Its writes fail once the other side is gone.
  socket.on('error', () => {});
  const isClosed = new Promise((done) => socket.on('close', done));
  socket.resume();
  socket.write(handshake());
  await expect.poll(() => connections.size).toBe(size + 1);
  socket.write(request(1, Opcode.closeSession));
  await once(socket, 'end');
  const writes = setInterval(() => socket.write('still here'), 20);
  await rig.expectService();
  expect(socket.destroyed).toBe(false);

  leap.ms += sessionlessTimeoutMs + 1;
  await isClosed;

  clearInterval(writes);
});
