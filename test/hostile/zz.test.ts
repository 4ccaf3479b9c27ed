import { connect } from 'node:net';
import { once } from 'node:events';
import { test } from 'vitest';
import * as b from '../support/golden/bytes.ts';
import { handshake, Rig, request } from '../support/hostile-rig.ts';
import { residentBytes, settledBytes } from '../support/memory.ts';
import { MemoryLog } from '../support/memory-log.ts';
class NoLog extends MemoryLog { override async append(): Promise<void> { await new Promise((d) => setTimeout(d, 30)); } }
const rig = new Rig(process.env.NOLOG ? { stores: (o) => ({ ...o, log: new NoLog() }) } : {});
const MB = 1048576;
test('x', async () => {
  const maker = await rig.session();
  maker.write(request(1, 1, b.create('/heavy', '')));
  await maker.next();
  const data = Buffer.alloc(MB - 200);
  const socks: any[] = [];
  for (let i = 0; i < 10; i++) { const s = connect(rig.port, '127.0.0.1'); s.write(handshake(30000)); await once(s, 'data'); s.resume(); socks.push(s); }
  const frame = request(1, 5, b.text('/heavy'), b.int(data.length), data, b.int(-1));
  const before = await settledBytes();
  for (const s of socks) for (let i = 0; i < 120; i++) s.write(frame);
  let got = 0; for (const s of socks) s.on('data', (c: Buffer) => { got += c.length / 88; });
  const t0 = Date.now();
  while (got < 1200) {
    await new Promise((d) => setTimeout(d, 200));
    const m = process.memoryUsage();
    const gcd = process.env.GC ? ((await settledBytes()) - before) / MB : 0;
    console.log(Date.now() - t0, 'got', got, 'anon', ((residentBytes() - before) / MB) | 0, 'gc', gcd | 0, 'ext', (m.external / MB) | 0, 'ab', (m.arrayBuffers / MB) | 0, 'out', rig.replica.outstanding, 'heap', (m.heapUsed / MB) | 0);
  }
  for (let i = 0; i < 4; i++) { await new Promise((d) => setTimeout(d, 300)); const g = await settledBytes(); console.log('after', ((g - before) / MB) | 0, process.memoryUsage()); }
  const v8 = await import('node:v8');
  v8.writeHeapSnapshot('/tmp/h.heapsnapshot');
}, 60000);
