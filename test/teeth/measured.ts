/** Runs another program of ours with the arguments that follow its path; tells its CPU seconds. */

import { writeSync } from 'node:fs';
import { resolve } from 'node:path';

const [node, , path, ...args] = process.argv;
process.argv = [node!, resolve(path!), ...args];
process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeSync(1, `\ncpu ${((user + system) / 1e6).toFixed(1)}\n`);
});
await import(process.argv[1]!);
