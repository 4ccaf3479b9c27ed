/**
 * Finds what a comparison needs besides ourselves: the load generators (built when there is a C
 * compiler), Apache ZooKeeper with a Java, nats-server, taskset. What is missing is said, and left
 * out.
 */

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { findNatsServer } from '../cli/nats-program.ts';
import { top } from './build.ts';
import { processorNumbers } from './processes.ts';
import { hasApacheJars } from './side.ts';

export interface Tools {
  /** Load generator; null leaves nothing to measure with. */
  readonly zkload: string | null;
  readonly zkwatch: string | null;
  /** The java for Apache ZooKeeper; null without either. */
  readonly java: string | null;
  /** The nats-server of our ensembles. */
  readonly natsServer: string | null;
  readonly hasTaskset: boolean;
  /** A sentence for each thing that is not here. */
  readonly missing: readonly string[];
}

export interface ToolChoice {
  readonly zkload: string | null;
  readonly zkwatch: string | null;
  /** Where compiled programs go. */
  readonly folder: string;
}

const openFilesWanted = 10_500;
/** Beside the repository, where they are kept. */
const sourceFolder = join(top, '../shared/tools');

export function findTools({ zkload, zkwatch, folder }: ToolChoice): Tools {
  const missing: string[] = [];
  const generator = (name: string, given: string | null, flags: string[]): string | null => {
    if (given !== null) return resolve(given);
    const source = join(sourceFolder, `${name}.c`);
    const built = join(folder, name);
    if (!existsSync(source)) missing.push(`${name}: no source and no --${name} BINARY`);
    else if (programPath('cc') === null) missing.push(`${name}: no C compiler and no --${name}`);
    else if (compile(source, built, flags)) return built;
    else missing.push(`${name}: the compiler refuses ${name}.c`);
    return null;
  };
  const java = hasApacheJars ? programPath('java') : null;
  if (!hasApacheJars) missing.push('Apache ZooKeeper: the Debian package zookeeper');
  else if (java === null) missing.push('Apache ZooKeeper: java');
  const natsServer = findNatsServer({ env: process.env });
  if (natsServer === null) missing.push('ensembles of ours: nats-server');
  const hasTaskset = programPath('taskset') !== null;
  if (!hasTaskset) missing.push('taskset: nothing is pinned to processors');
  const files = openFilesMax();
  if (files < openFilesWanted) {
    missing.push(`open files: ${files} at most (ulimit -n), 10,000 sessions need more`);
  }
  return {
    zkload: generator('zkload', zkload, ['-lm']),
    zkwatch: generator('zkwatch', zkwatch, []),
    java,
    natsServer,
    hasTaskset,
    missing,
  };
}

/** How many files our children may open. */
function openFilesMax(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const most = /Max open files\s+\S+\s+(\S+)/.exec(limits)?.[1] ?? '';
  return most === 'unlimited' ? Number.POSITIVE_INFINITY : Number(most);
}

function compile(source: string, target: string, flags: string[]): boolean {
  return spawnSync('cc', ['-O2', '-w', '-o', target, source, ...flags]).status === 0;
}

export function programPath(name: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return null;
}

/** The first two processors that we may use, as taskset takes them. */
export function usualProcessors(): string {
  const said = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' }).stdout;
  const list = /list: (.*)/.exec(said ?? '')?.[1] ?? '0,1';
  return processorNumbers(list).slice(0, 2).join(',');
}
