/**
 * A process of clients that never speak: `node silent-clients.mjs <port> <count>`. Opens that many
 * connections, a few hundred at a time, says `open`, and says `closed` when the other side has
 * closed them all. A process of its own, since each end of a connection needs an open file.
 */

import { connect } from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
const batch = 250;
let started = 0;
let open = 0;
let closed = 0;

function next() {
  if (started === count) return;
  started++;
  const socket = connect(port, '127.0.0.1');
  socket.on('connect', () => {
    open++;
    if (open === count) process.stdout.write('open\n');
    next();
  });
  socket.on('error', (failure) => process.stderr.write(`${failure.message}\n`));
  socket.on('close', () => {
    closed++;
    if (closed === count) process.stdout.write('closed\n');
  });
  socket.resume();
}

for (let left = batch; left > 0; left--) next();
