/**
 * The two that are compared, as what an ensemble of either needs to be started: the command of one
 * server, and whether it wants a nats-server. Both run from a zoo.cfg with the same settings.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { replicaCommand } from '../cli/replica-command.ts';
import type { Command } from './processes.ts';

export type SideName = 'natskeeper' | 'apache';

export interface Side {
  readonly name: SideName;
  readonly title: string;
  /** Whether its ensembles meet on a nats-server, whose costs count as theirs. */
  readonly needsBus: boolean;
  /** The program for it; null where there is none. */
  readonly busProgram: string | null;
  command(config: string, heapMegabytes: number): Command;
}

export function natskeeperSide(build: string, busProgram: string | null): Side {
  const main = join(build, 'cli/main.js');
  return {
    name: 'natskeeper',
    title: 'natskeeper',
    needsBus: true,
    busProgram,
    command: (config) => replicaCommand(main, ['--config', config]),
  };
}

/** Where Debian's package zookeeper and what it depends on lie. */
const jarFolder = '/usr/share/java';
const jarsNeeded =
  /^(zookeeper|zookeeper-jute|slf4j-api|snappy-java|commons-io|metrics-core)\.jar$/;
const jarsNeededToo = /^(commons-cli|servlet-api|netty-.*|jackson.*)\.jar$/;

export const hasApacheJars = existsSync(join(jarFolder, 'zookeeper.jar'));

export function apacheVersion(): string {
  const versions = hasApacheJars
    ? readdirSync(jarFolder).map((name) => /^zookeeper-(\d[\d.]*)\.jar$/.exec(name)?.[1])
    : [];
  return versions.find((version) => version !== undefined) ?? '';
}

export function apacheSide(java: string): Side {
  const classPath = readdirSync(jarFolder)
    .filter((name) => jarsNeeded.test(name) || jarsNeededToo.test(name))
    .map((name) => join(jarFolder, name))
    .join(':');
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  return {
    name: 'apache',
    title: `Apache ${apacheVersion()}`,
    needsBus: false,
    busProgram: null,
    command: (config, heap) => [java, `-Xmx${heap}m`, '-cp', classPath, main, config],
  };
}
