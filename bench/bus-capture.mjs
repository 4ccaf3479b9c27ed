/**
 * What a write costs on the bus: starts a nats-server and ensembles of different sizes, listens to
 * all their subjects, and prints the frames of single writes with their sizes; then counts what the
 * leader publishes for many writes, whatever the number of learners. Prints Markdown: the tables of
 * docs/BUS.md.
 *
 *   node bench/bus-capture.mjs [--writes 1000] [--build dist]
 *
 * Needs `npm run build` before, and nats-server on the PATH.
 */

import '../test/support/run-ts.mjs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect as connectBus } from 'nats';

// Behind the line that lets Node read our TypeScript.
const { findNatsServer } = await import('../cli/nats-program.ts');
const { Ensemble } = await import('./ensemble.ts');
const { Processes } = await import('./processes.ts');
const { natskeeperSide } = await import('./side.ts');
const { pause } = await import('./time.ts');

const { values } = parseArgs({
  options: { writes: { type: 'string', default: '1000' }, build: { type: 'string' } },
});
const build = resolve(values.build ?? fileURLToPath(new URL('../dist', import.meta.url)));
const { connect } = await import(join(build, 'client/client.js'));
const { PacketKind } = await import(join(build, 'protocol/packet.js'));
const kindNames = new Map(Object.entries(PacketKind).map(([name, kind]) => [kind, name]));

const processes = new Processes();
try {
  const rows = [];
  for (const [voters, observers] of [
    [3, 0],
    [5, 0],
    [3, 4],
  ]) {
    rows.push(await measure(voters, observers));
  }
  console.log('\n### Frames for single writes, one after the other\n');
  console.log('| voters | observers | writes | propose | commit alone | ack | requests |');
  console.log('|---|---|---|---|---|---|---|');
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
} finally {
  processes.endAll();
}

async function measure(voters, observers) {
  const name = `capture-${voters}-${observers}`;
  const shape = { voters, observers, settings: [`ensemble=${name}`] };
  const ensemble = await Ensemble.start(
    natskeeperSide(build, findNatsServer({ env: process.env })),
    shape,
    processes,
  );
  const frames = [];
  const bus = await connectBus({ servers: `nats://127.0.0.1:${ensemble.bus.port}` });
  bus.subscribe(`natskeeper.${name}.>`, {
    callback: (_, { subject, data }) => {
      const kind = kindNames.get(data[0]) ?? `part ${data[0]}`;
      frames.push({ ms: performance.now(), subject, kind, sender: data[2], bytes: data.length });
    },
  });
  await bus.flush();
  const leader = (await ensemble.leader()).sid;
  const follower = ensemble.members.find(({ sid }) => sid !== leader);
  const client = await connect(`127.0.0.1:${follower.port}`, { sessionTimeoutMs: 10_000 });
  await client.create('/znode', Buffer.alloc(1000));
  if (voters + observers === 3) {
    for (const bytes of [100, 1000]) await showOne(client, frames, bytes, leader, follower.sid);
  }
  await pause(100);
  frames.length = 0;
  const writes = Number(values.writes);
  for (let at = 0; at < writes; at++) await client.setData('/znode', Buffer.alloc(1000));
  await pause(100);
  const count = (kind) => frames.filter((frame) => frame.kind === kind).length;
  const counts = ['propose', 'commit', 'ack', 'requests'].map(count);
  await client.close();
  await bus.close();
  await ensemble.stop();
  return [voters, observers, writes, ...counts];
}

async function showOne(client, frames, bytes, leader, follower) {
  await pause(100);
  frames.length = 0;
  const startMs = performance.now();
  await client.setData('/znode', Buffer.alloc(bytes));
  const answeredMs = performance.now() - startMs;
  await pause(50);
  console.log(`\n### setData of ${bytes} bytes by a client of replica ${follower}\n`);
  console.log('| after | frame | from | subject | bytes |\n|---|---|---|---|---|');
  for (const { ms, kind, sender, subject, bytes: size } of frames) {
    if (kind === 'status' || kind === 'beat') continue;
    const from = sender === leader ? `leader ${sender}` : `replica ${sender}`;
    const tail = subject.split('.').slice(2).join('.');
    console.log(`| ${(ms - startMs).toFixed(2)} ms | ${kind} | ${from} | ${tail} | ${size} |`);
  }
  const beats = new Map(frames.map(({ kind, bytes: size }) => [kind, size]));
  console.error(`status ${beats.get('status')} bytes, beat ${beats.get('beat')} bytes`);
  console.log(`\nThe client had its answer after ${answeredMs.toFixed(2)} ms.`);
}
