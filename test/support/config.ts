/**
 * Loads a configuration from texts instead of files: what the tests of cli/config.ts share.
 * Nothing is read from the disk or from the environment of the process.
 */

import type { LoadedConfig } from '../../cli/config.ts';
import { loadSettings } from '../../cli/config.ts';

export interface ConfigTexts {
  /** The text of /etc/zoo.cfg; null runs without a file. */
  readonly cfg?: string | null;
  /** Other files by path, such as /data/myid. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
}

export const cfgPath = '/etc/zoo.cfg';

export function loadTexts({ cfg = '', files = {}, env = {}, overrides = {} }: ConfigTexts) {
  const all = new Map(Object.entries(files));
  if (cfg !== null) all.set(cfgPath, cfg);
  return loadSettings({
    file: cfg === null ? null : cfgPath,
    overrides,
    env,
    readFile: (path) => {
      const text = all.get(path);
      if (text === undefined) throw new Error(`ENOENT: ${path}`);
      return text;
    },
    exists: (path) => all.has(path),
  });
}

/** A standalone configuration with these lines after dataDir and clientPort. */
export function loadLines(...lines: string[]): LoadedConfig {
  return loadTexts({ cfg: ['dataDir=/data', 'clientPort=2181', ...lines].join('\n') });
}

export const threeServers = [
  'dataDir=/data',
  'clientPort=2181',
  'initLimit=10',
  'syncLimit=5',
  'server.1=zoo1:2888:3888',
  'server.2=zoo2:2888:3888',
  'server.3=zoo3:2888:3888',
];

/** An ensemble of three, of which this is the first, with these lines after it. */
export function loadEnsemble(...lines: string[]): LoadedConfig {
  return loadTexts({ cfg: [...threeServers, ...lines].join('\n'), files: { '/data/myid': '1\n' } });
}
