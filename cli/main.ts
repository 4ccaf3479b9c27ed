#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=4 --heap-growing-percent=240 --interrupt-budget=20000 --no-lazy-feedback-allocation --v8-pool-size=1
/**
 * The command line: `natskeeper server` runs one replica, `natskeeper console` the page alone,
 * `natskeeper top` shows an ensemble in the terminal. Reads the configuration, hands over what is
 * needed, and turns signals and failures into an orderly end.
 */

import { existsSync, readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { ConfigInput } from './config.ts';
import { ConfigError } from './config-error.ts';
import type { ConsoleOptions } from './console.ts';
import { runServer } from './server.ts';
import type { TopParts } from './top.ts';

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
    const code = await runServer(configInput(options.config, settings));
    // All is flushed; a client that keeps its end of a socket open must not keep us alive.
    process.exit(code);
  });

program
  .command('console')
  .description('serve the page that shows an ensemble, over its NATS')
  .option('--config <zoo.cfg>', 'the configuration file of one of its replicas')
  .option('--port <port>', 'where to listen (8090)')
  .option('--address <address>', 'at which local address (127.0.0.1)')
  .option('--token-file <file>', 'a file with the token that lets somebody write')
  .allowUnknownOption()
  .argument('[settings...]', 'settings over the file, e.g. -DnatsUrl=nats://host:4222')
  .action(async (settings: string[], options: ConsoleOptions & { config?: string }) => {
    // A replica does not carry what only these two need.
    const { runConsole } = await import('./console.ts');
    process.exit(await runConsole(configInput(options.config, settings), options));
  });

program
  .command('top')
  .description('look at an ensemble in the terminal, over its bus or by four-letter words')
  .option('--config <zoo.cfg>', 'the configuration file of any of its replicas')
  .option(
    '--servers <host:port,...>',
    'client ports to ask by mntr and srvr (Apache ZooKeeper too)',
  )
  .option('--once', 'print one table and end')
  .action(async (options: TopOptions) => {
    const { runTop } = await import('./top.ts');
    process.exit(await runTop(await topPartsOf(options)));
  });

interface TopOptions {
  readonly config?: string;
  readonly servers?: string;
  readonly once?: boolean;
}

async function topPartsOf(options: TopOptions): Promise<TopParts> {
  const { openTopSource } = await import('./top-source.ts');
  const file = options.config ?? null;
  const files = { readFile: (path: string) => readFileSync(path, 'utf8'), exists: existsSync };
  const input = file === null ? null : { file, env: process.env, ...files };
  return {
    source: openTopSource(input, options.servers ?? null),
    isOnce: options.once === true,
    output: process.stdout,
    input: process.stdin,
    wallMs: Date.now,
    pause: (ms) => new Promise((done) => setTimeout(done, ms)),
    stopped: new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, resolve);
    }),
  };
}

function configInput(file: string | undefined, settings: readonly string[]): ConfigInput {
  return {
    file: file ?? null,
    overrides: parseOverrides(settings),
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    exists: existsSync,
  };
}

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
