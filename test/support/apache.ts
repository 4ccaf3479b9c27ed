/**
 * Starts a real Apache ZooKeeper 3.8.0 from Debian's package `zookeeper`, to record and to compare
 * with. Where the package or Java is missing, tests that need it are skipped with that reason.
 */

import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { ZooProcess } from './zoo-process.ts';

export const apacheVersion = '3.8.0';

const jars = '/usr/share/java';
const needed = /^(zookeeper|zookeeper-jute|slf4j-api|snappy-java|commons-io|metrics-core)\.jar$/;
const neededToo = /^(commons-cli|servlet-api|netty-.*|jackson.*)\.jar$/;

/** Why Apache ZooKeeper cannot be started here; null when it can. */
export const whyNoApache: string | null = reason();

function reason(): string | null {
  if (!existsSync(join(jars, 'zookeeper.jar'))) return 'the Debian package zookeeper is missing';
  if (!existsSync(join(jars, `zookeeper-${apacheVersion}.jar`))) {
    return `the zookeeper package installed is not ${apacheVersion}`;
  }
  const places = (process.env['PATH'] ?? '').split(delimiter);
  return places.some((place) => existsSync(join(place, 'java'))) ? null : 'there is no java';
}

/** Starts one standalone server on a free port with fresh data. */
export function startApache(config: readonly string[] = []): Promise<ZooProcess> {
  const path = readdirSync(jars)
    .filter((name) => needed.test(name) || neededToo.test(name))
    .map((name) => join(jars, name))
    .join(':');
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  return ZooProcess.start({ command: 'java', args: ['-Xmx512m', '-cp', path, main], config });
}
