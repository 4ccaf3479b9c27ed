/** Replicas are started alike, by whomever. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replicaCommand, replicaFlags, replicaSettings } from '../../cli/replica-command.ts';
import { treeTop } from '../support/tidy-source.ts';

test('the program that is installed starts itself as others start it', () => {
  const [first] = readFileSync(join(treeTop, 'cli/main.ts'), 'utf8').split('\n');
  expect(first).toBe(
    `#!/usr/bin/env -S ${[...replicaSettings, 'node', ...replicaFlags].join(' ')}`,
  );
});

test('a command names settings, Node, its flags, the program and what the replica is told', () => {
  expect(replicaCommand('main.js', ['--config', 'zoo.cfg'])).toEqual([
    ...(process.platform === 'linux' ? ['/usr/bin/env', ...replicaSettings] : []),
    ...[process.execPath, ...replicaFlags],
    ...['main.js', 'server', '--config', 'zoo.cfg'],
  ]);
});
