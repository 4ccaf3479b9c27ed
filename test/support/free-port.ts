/**
 * Ports for servers that tests start. Not those that the system gives out: between our look and the
 * server's start they may go to an outgoing connection of another test. Each worker of the test
 * run has a range of its own, below them.
 */

import { createServer } from 'node:net';

/** The system gives out those from 32768 on, or from a higher one. */
const rangeStart = 10_240;
const rangeEnd = 32_768;
const rangePorts = 512;
const ranges = Math.floor((rangeEnd - rangeStart) / rangePorts);

const worker = Number(process.env['VITEST_POOL_ID'] ?? process.pid) % ranges;
/** Another file of the same worker has begun elsewhere: its servers may not be gone yet. */
let next = process.pid;

/** One that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < rangePorts; tries++) {
    const port = rangeStart + worker * rangePorts + (next++ % rangePorts);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free among the ${rangePorts} of this worker`);
}

/** On all interfaces. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}
