/**
 * Starts natskeeper itself as a process, as a user would: the compiled program with a zoo.cfg. The
 * build is not made here (`npm test` makes it first); without one, tests that need it are skipped.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { treeTop } from './tidy-source.ts';
import { ZooProcess } from './zoo-process.ts';

const program = join(treeTop, 'dist/cli/main.js');

/** Why natskeeper cannot be started here; null when it can. */
export const whyNoServer: string | null = existsSync(program)
  ? null
  : 'dist/cli/main.js is missing: run npm run build';

/** Starts one replica on a free port with fresh data and these further lines of zoo.cfg. */
export function startServer(config: readonly string[] = []): Promise<ZooProcess> {
  return ZooProcess.start({
    command: process.execPath,
    args: [program, 'server', '--config'],
    config,
  });
}
