#!/usr/bin/env node
/**
 * The command line: `natskeeper server` runs one replica. Reads the configuration, hands the
 * replica what it needs, and turns signals and failures into an orderly end.
 */

import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import { ConfigError } from './config-error.ts';
import { runServer } from './server.ts';

const program = new Command('natskeeper').description(
  'ZooKeeper, as an actor system: the same clients, the same data model, the same guarantees',
);

program
  .command('server')
  .description('run one replica')
  .option('--config <zoo.cfg>', 'the configuration file')
  .allowUnknownOption()
  .argument('[settings...]', 'settings over the file, e.g. -Dzookeeper.snapCount=1000')
  .action(async (settings: string[], options: { config?: string }) => {
    const code = await runServer({
      file: options.config ?? null,
      overrides: parseOverrides(settings),
      env: process.env,
      readFile: (path) => readFileSync(path, 'utf8'),
      exists: existsSync,
    });
    // All is flushed; a client that keeps its end of a socket open must not keep us alive.
    process.exit(code);
  });

function parseOverrides(settings: readonly string[]): Record<string, string> {
  const overrides: Record<string, string> = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    if (at <= 0) throw new ConfigError(`command line: ${setting}: valid: -Dkey=value`);
    overrides[setting.slice(0, at).replace(/^-D/, '')] = setting.slice(at + 1);
  }
  return overrides;
}

/** These say all there is to say; so does what the system refused (EACCES, ENOSPC …). */
const plainErrors = new Set(['ConfigError', 'StorageError', 'WriteFailure']);
const exitUnusable = 2;
const exitStorageFailed = 3;

program.parseAsync().catch((failure: NodeJS.ErrnoException) => {
  const isPlain = plainErrors.has(failure.name) || failure.syscall !== undefined;
  console.error(isPlain ? `natskeeper: ${failure.message}` : failure);
  process.exit(failure.name === 'WriteFailure' ? exitStorageFailed : exitUnusable);
});
