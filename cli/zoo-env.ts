/**
 * Settings from environment variables, by the names of the official zookeeper container image.
 * There they make a zoo.cfg where none exists; here they fill in what the zoo.cfg does not say, so
 * that both ways of use keep working and a file is never overruled unseen. Also our own variables,
 * which keep secrets out of files.
 */

import type { Assignment } from './config-error.ts';
import { ConfigError, settingFault } from './config-error.ts';
import { CfgSyntaxError, parseZooCfg } from './zoo-cfg.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** In the order in which the image writes them: a later one wins. */
const variables: readonly (readonly [string, string])[] = [
  ['NATS_URL', 'natsUrl'],
  ['NATSKEEPER_ENSEMBLE', 'ensemble'],
  ['NATSKEEPER_BUS_SECRET', 'busSecret'],
  ['NATSKEEPER_LOG_LEVEL', 'logLevel'],
  ['ZOO_DATA_DIR', 'dataDir'],
  ['ZOO_DATA_LOG_DIR', 'dataLogDir'],
  ['ZOO_TICK_TIME', 'tickTime'],
  ['ZOO_INIT_LIMIT', 'initLimit'],
  ['ZOO_SYNC_LIMIT', 'syncLimit'],
  ['ZOO_AUTOPURGE_SNAPRETAINCOUNT', 'autopurge.snapRetainCount'],
  ['ZOO_AUTOPURGE_PURGEINTERVAL', 'autopurge.purgeInterval'],
  ['ZOO_MAX_CLIENT_CNXNS', 'maxClientCnxns'],
  ['ZOO_STANDALONE_ENABLED', 'standaloneEnabled'],
  ['ZOO_ADMINSERVER_ENABLED', 'admin.enableServer'],
  ['ZOO_4LW_COMMANDS_WHITELIST', '4lw.commands.whitelist'],
];

/** What the environment sets, but for ZOO_MY_ID, which only stands in for the file myid. */
export function environmentSettings(env: Environment): Assignment[] {
  const assignments: Assignment[] = [];
  for (const [name, key] of variables) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') assignments.push({ key, value, origin: place(name) });
  }
  for (const server of words(env, 'ZOO_SERVERS')) {
    if (!/^server\.\d+=/.test(server)) {
      const setting = { key: 'server', value: server, origin: place('ZOO_SERVERS') };
      throw settingFault(setting, 'not a server line', 'server.N=… lines with blanks between');
    }
    assignments.push(...parsed(server, 'ZOO_SERVERS'));
  }
  for (const extra of words(env, 'ZOO_CFG_EXTRA')) {
    assignments.push(...parsed(extra, 'ZOO_CFG_EXTRA'));
  }
  return assignments;
}

export function environmentMyId(env: Environment): Assignment | null {
  const value = env['ZOO_MY_ID']?.trim();
  if (value === undefined || value === '') return null;
  return { key: 'myid', value, origin: place('ZOO_MY_ID') };
}

function place(name: string): string {
  return `environment ${name}`;
}

function words(env: Environment, name: string): string[] {
  return (env[name] ?? '').split(/\s+/).filter((word) => word !== '');
}

function parsed(text: string, name: string): Assignment[] {
  const origin = place(name);
  try {
    return parseZooCfg(text).map(({ key, value }) => ({ key, value, origin }));
  } catch (error) {
    if (!(error instanceof CfgSyntaxError)) throw error;
    throw new ConfigError(`${origin}: ${text}: ${error.message}; valid: key=value`);
  }
}
