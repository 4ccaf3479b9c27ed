/**
 * Stands in for cli/main.js in tests of what starts it: reads its zoo.cfg, answers `srvr` on its
 * client port once all of a lower sid do, and leads while none of these answers. It prints its
 * zoo.cfg and writes its pid beside it. With STAND_IN=stubborn it hears no SIGTERM, with
 * STAND_IN=broken it ends at once.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';

const file = process.argv[process.argv.indexOf('--config') + 1];
const cfg = readFileSync(file, 'utf8');
const sid = Number(readFileSync(join(dirname(file), 'myid'), 'utf8'));
const port = Number(/^clientPort=(\d+)$/m.exec(cfg)?.[1]);
writeFileSync(join(dirname(file), 'pid'), `${process.pid}`);
console.log(cfg);
console.log(JSON.stringify({ level: 30, msg: 'nothing to see' }));
console.log(JSON.stringify({ level: 40, sid, msg: 'a warning', about: 'something' }));

if (process.env.STAND_IN === 'broken') {
  console.error('natskeeper: zoo.cfg line 1: it is broken');
  process.exit(2);
}
if (process.env.STAND_IN === 'stubborn') process.on('SIGTERM', () => {});
else process.on('SIGTERM', () => process.exit(0));

let isLeader = false;
setInterval(async () => {
  const lower = Array.from({ length: sid - 1 }, (_, at) => port - at - 1);
  const answers = await Promise.all(lower.map(isOpen));
  isLeader = !answers.includes(true);
}, 20);
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', () => socket.end(`Zxid: 0x0\nMode: ${isLeader ? 'leader' : 'follower'}\n`));
});
for (let lower = port - sid + 1; lower < port; lower++) {
  while (!(await isOpen(lower))) await new Promise((done) => setTimeout(done, 10));
}
server.listen(port);

function isOpen(other) {
  return new Promise((done) => {
    const socket = connect(other, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}
