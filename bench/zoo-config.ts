/** The zoo.cfg of one server, the same for both sides but for our bus. Pure. */

import { join } from 'node:path';

export interface Place {
  readonly port: number;
  readonly folder: string;
  readonly isVoter: boolean;
}

export interface Surroundings {
  /** Lines `server.N=…` of all. */
  readonly servers: readonly string[];
  readonly settings: readonly string[];
  readonly busPort: number | null;
}

export function zooConfig(
  { port, folder, isVoter }: Place,
  { servers, settings, busPort }: Surroundings,
): string {
  const lines = [`dataDir=${join(folder, 'data')}`, `clientPort=${port}`, 'tickTime=2000'];
  lines.push('initLimit=10', 'syncLimit=5', 'maxClientCnxns=0', 'admin.enableServer=false');
  lines.push('4lw.commands.whitelist=*', ...settings);
  // One alone runs standalone.
  if (servers.length > 1) lines.push(...servers);
  if (!isVoter) lines.push('peerType=observer');
  if (busPort !== null) lines.push(`natsUrl=nats://127.0.0.1:${busPort}`);
  return `${lines.join('\n')}\n`;
}

/** The same with other settings, in place of those of the same keys. */
export function withSettings(config: string, settings: readonly string[]): string {
  const keys = settings.map((line) => line.slice(0, line.indexOf('=') + 1));
  const kept = config
    .split('\n')
    .filter((line) => line !== '' && !keys.some((key) => line.startsWith(key)));
  return `${[...kept, ...settings].join('\n')}\n`;
}
