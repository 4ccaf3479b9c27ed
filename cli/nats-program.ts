/**
 * Where the nats-server program is, and how to get it when it is not there. A replica only looks;
 * the start script may also install Debian's package. It is always the real one.
 */

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Search {
  readonly env: Environment;
  /** Looked through after PATH: a plain user's PATH has no sbin, where Debian puts it. */
  readonly folders?: readonly string[];
}

const usualFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
const fileName = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

export const waysToGetNatsServer = [
  'nats-server is not here (looked at NATS_SERVER, PATH and the usual folders). Ways to get it:',
  '  Debian, Ubuntu   apt-get install nats-server',
  '  macOS            brew install nats-server',
  '  any system       unpack a release of https://github.com/nats-io/nats-server/releases',
  '                   and set NATS_SERVER=/path/to/nats-server',
  '  your own image   COPY --from=nats /nats-server /usr/local/bin/',
  '  a bus elsewhere  docker run -p 4222:4222 nats, then natsUrl=nats://127.0.0.1:4222 in zoo.cfg',
].join('\n');

/**
 * The path of nats-server; null when there is none.
 * @throws ConfigError when NATS_SERVER names no program: then nothing else is taken instead
 */
export function findNatsServer({ env, folders = usualFolders }: Search): string | null {
  const named = env['NATS_SERVER']?.trim() ?? '';
  if (named !== '') {
    if (isProgram(named)) return resolve(named);
    const problem = 'not a program that can be run';
    throw new ConfigError(
      `environment NATS_SERVER: ${named}: ${problem}; valid: the path of nats-server`,
    );
  }
  const places = [...(env['PATH'] ?? '').split(delimiter), ...folders];
  const found = places.find((folder) => isAbsolute(folder) && isProgram(join(folder, fileName)));
  return found === undefined ? null : join(found, fileName);
}

/** @throws ConfigError that names the ways to get it */
export function requireNatsServer(search: Search): string {
  const program = findNatsServer(search);
  if (program === null) throw new ConfigError(waysToGetNatsServer);
  return program;
}

export interface Installer extends Search {
  readonly isRoot: boolean;
  /** Runs a program to its end on our terminal; resolves to its exit code. */
  readonly run: (program: string, args: string[]) => Promise<number>;
  readonly say: (line: string) => void;
}

/** As findNatsServer, but installs Debian's package where that is possible and allowed. */
export async function findOrInstallNatsServer(installer: Installer): Promise<string | null> {
  const { env, isRoot, run, say } = installer;
  const found = findNatsServer(installer);
  if (found !== null) return found;
  if (!isRoot || env['NATSKEEPER_NO_INSTALL'] === '1' || !hasApt(env)) return null;
  say('nats-server is missing: installing Debian’s package (NATSKEEPER_NO_INSTALL=1 forbids it)');
  const install = ['-qq', '-y', '--no-install-recommends', 'install', 'nats-server'];
  const code = await run('apt-get', install);
  // Images often come without the lists of packages.
  if (code !== 0 && (await run('apt-get', ['-qq', 'update'])) === 0) {
    await run('apt-get', install);
  }
  const program = findNatsServer(installer);
  if (program === null) say('apt-get could not install nats-server');
  else say('its package may also run it as a service on port 4222, which natskeeper does not need');
  return program;
}

function hasApt(env: Environment): boolean {
  const folders = (env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => isAbsolute(folder) && isProgram(join(folder, 'apt-get')));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
