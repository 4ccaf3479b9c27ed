/**
 * Reads the configuration: defaults, then environment variables, then zoo.cfg and its dynamic file,
 * then the command line, each layer over the ones before. Gives frozen settings and warnings, or
 * throws ConfigError with place, key, value and what would be valid. A key of ZooKeeper that has no
 * meaning here is warned of, never fatal; one that asks for protection is warned of loudly.
 * Files are read through the caller; nothing is written, resolved or opened.
 *
 * Divergence: the container image uses its ZOO_ variables only where no zoo.cfg exists. Here they
 * also fill in what a zoo.cfg leaves open.
 */

import type { LogLevel, Settings } from '../actors/settings.ts';
import { defaultSettings, isDistributed, logLevels, settingsWith } from '../actors/settings.ts';
import { busEnvironment, readBus } from './bus-config.ts';
import type { Assignment } from './config-error.ts';
import { ConfigError, missingSetting, settingFault } from './config-error.ts';
import { readConsole } from './console-config.ts';
import { readEnsemble } from './ensemble-config.ts';
import { readClientLimits, readStorage, readTimes, readTree } from './limits-config.ts';
import { readSecurity } from './security-config.ts';
import { groupOf, tlsGroup } from './setting-keys.ts';
import { SettingValues } from './setting-values.ts';
import { CfgSyntaxError, parseZooCfg } from './zoo-cfg.ts';
import type { Environment } from './zoo-env.ts';
import { environmentMyId, environmentSettings } from './zoo-env.ts';

export interface ConfigInput {
  /** Path of zoo.cfg; null runs without one. */
  readonly file: string | null;
  /** From the command line, by any spelling of a key: `clientPort`, `-Dzookeeper.clientPort`. */
  readonly overrides?: Readonly<Record<string, string>>;
  readonly env?: Environment;
  readonly readFile: (path: string) => string;
  readonly exists: (path: string) => boolean;
}

export interface LoadedConfig {
  readonly settings: Readonly<Settings>;
  readonly warnings: string[];
}

/** Without a zoo.cfg: the container image's values, and ZooKeeper's usual client port. */
const withoutFile: readonly (readonly [string, string])[] = [
  ['tickTime', '2000'],
  ['initLimit', '5'],
  ['syncLimit', '2'],
];
const usualClientPort = 2181;
const loud = 'NOT PROTECTED: ';

export function loadSettings(input: ConfigInput): LoadedConfig {
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(warning);
  const env = input.env ?? {};
  if (input.file !== null && !input.exists(input.file)) {
    throw new ConfigError(`${input.file}: no such file; valid: the path of a zoo.cfg`);
  }
  const text = input.file === null ? '' : readText(input, input.file);
  const written = input.file === null ? [] : parseFile(text, input.file);
  const overrides = Object.entries(input.overrides ?? {}).map(([key, value]) =>
    entry(key, value.trim(), 'command line'),
  );
  const values = new SettingValues([
    input.file === null ? withoutFile.map(([key, value]) => entry(key, value, 'default')) : [],
    [...environmentSettings(env), ...busEnvironment(env)],
    written,
    readDynamicFile(input, written, overrides),
    overrides,
  ]);
  const source = input.file ?? 'configuration';
  const settings = readSettings(values, { ...input, env, source, text, warn });
  warnUnasked(values, warn);
  return { settings, warnings };
}

interface Reading extends ConfigInput {
  readonly env: Environment;
  readonly source: string;
  readonly text: string;
  readonly warn: (warning: string) => void;
}

function readSettings(values: SettingValues, reading: Reading): Readonly<Settings> {
  const { source, warn } = reading;
  const none = defaultSettings;
  const dataDir = values.text('dataDir');
  if (dataDir === null) throw missingSetting(source, 'dataDir', 'valid: the path of a folder');
  const times = readTimes(values, source);
  const tree = readTree(values);
  const standaloneEnabled = values.boolean('standaloneEnabled', none.standaloneEnabled);
  const ensemble = readEnsemble({
    values,
    source,
    dataDir,
    extendedTypesEnabled: tree.extendedTypesEnabled,
    standaloneEnabled,
    readIfExists: (path) => (reading.exists(path) ? readText(reading, path) : null),
    environmentMyId: environmentMyId(reading.env),
    warn,
  });
  // Only one algorithm is left in ZooKeeper too; a file that asks for another is mistaken.
  values.integer('electionAlg', { fallback: 3, min: 3, max: 3 });
  return settingsWith({
    file: reading.file,
    text: reading.text,
    dataDir,
    dataLogDir: values.text('dataLogDir') ?? dataDir,
    ...ensemble,
    clientPort: ensemble.clientPort ?? clientPortOf(values, reading),
    secureClientPort: readSecurePort(values, warn),
    ...readClientLimits(values),
    ...times,
    ...readStorage(values, warn),
    ...tree,
    ...readSecurity(values, reading),
    ...readAdmin(values, times.readOnlyModeEnabled),
    console: readConsole(values, reading),
    dynamicConfigFile: values.text('dynamicConfigFile'),
    reconfigEnabled: values.boolean('reconfigEnabled', none.reconfigEnabled),
    standaloneEnabled,
    // ZooKeeper takes all but `no` for yes, `false` too; that word is refused rather than guessed.
    leaderServes: values.choice('leaderServes', { yes: true, no: false, true: true }, true),
    quorumListenOnAllIPs: values.boolean('quorumListenOnAllIPs', none.quorumListenOnAllIPs),
    ...readBus(values, {
      readFile: reading.readFile,
      isDistributed: isDistributed({ servers: ensemble.servers, standaloneEnabled }),
      warn,
    }),
    ensemble: readEnsembleName(values),
    busSecret: values.text('busSecret'),
  });
}

/** A replica without a configuration file takes the usual port, one with a file may have none. */
function clientPortOf(values: SettingValues, { file, source, warn }: Reading): number | null {
  if (file === null && values.find('clientPort') === null) return usualClientPort;
  warn(`${source}: there is no clientPort: this replica serves no clients over TCP`);
  return null;
}

function readSecurePort(values: SettingValues, warn: (warning: string) => void): number | null {
  const port = values.port('secureClientPort');
  const found = values.find('secureClientPort');
  if (port !== null) warn(`${loud}secureClientPort (${found?.origin}): ${tlsGroup.reason}`);
  return port;
}

function readAdmin(
  values: SettingValues,
  readOnlyModeEnabled: boolean,
): Pick<Settings, 'fourLetterWords' | 'adminServer' | 'metrics' | 'logLevel'> {
  const words = values.list('4lw.commands.whitelist') ?? [];
  const always = readOnlyModeEnabled ? ['srvr', 'isro'] : ['srvr'];
  const none = defaultSettings.adminServer;
  const provider = values.text('metricsProvider.className') ?? '';
  const httpPort = values.integer('metricsProvider.httpPort', {
    fallback: 7000,
    min: 0,
    max: 65535,
  });
  const httpHost = values.text('metricsProvider.httpHost') ?? '0.0.0.0';
  const levels = Object.fromEntries(logLevels.map((level) => [level, level]));
  return {
    fourLetterWords: words.includes('*') ? 'all' : new Set([...words, ...always]),
    adminServer: {
      enabled: values.boolean('admin.enableServer', none.enabled),
      address: values.text('admin.serverAddress') ?? none.address,
      port: values.integer('admin.serverPort', { fallback: none.port, min: 0, max: 65535 }),
      commandUrl: values.text('admin.commandURL') ?? none.commandUrl,
    },
    metrics: provider.includes('Prometheus') ? { host: httpHost, port: httpPort } : null,
    logLevel: values.choice<LogLevel>('logLevel', levels, defaultSettings.logLevel),
  };
}

/** The name is one token of every subject, so dots, blanks and wildcards would break the bus. */
function readEnsembleName(values: SettingValues): string {
  const found = values.find('ensemble');
  if (found === null) return defaultSettings.ensemble;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(found.value)) {
    throw settingFault(found, 'not a name', 'up to 64 letters, digits, "-" and "_"');
  }
  return found.value;
}

/** The file of the members, which a reconfig rewrites; ZooKeeper allows nothing else in it. */
function readDynamicFile(
  input: ConfigInput,
  written: readonly Assignment[],
  overrides: readonly Assignment[],
): Assignment[] {
  const pointer = new SettingValues([written, overrides]).find('dynamicConfigFile');
  if (pointer === null) return [];
  const isMember = ({ key }: Assignment) => /^(server|group|weight)\.\d+$/.test(key);
  const misplaced = written.find(isMember);
  if (misplaced !== undefined) {
    const valid = `a line of ${pointer.value}, since dynamicConfigFile is given`;
    throw settingFault(misplaced, 'the members stand in another file', valid);
  }
  if (!input.exists(pointer.value)) throw settingFault(pointer, 'no such file', 'an existing file');
  const members = parseFile(readText(input, pointer.value), pointer.value);
  const stranger = members.find((member) => !isMember(member));
  if (stranger !== undefined) {
    const valid = 'only server.N, group.N and weight.N in a dynamic file';
    throw settingFault(stranger, 'this key must not stand here', valid);
  }
  const version = /\.([0-9a-fA-F]{1,16})$/.exec(pointer.value)?.[1];
  return version === undefined ? members : [...members, entry('version', version, pointer.value)];
}

/** One warning for each reason, with the keys it is about; one for all unknown keys together. */
function warnUnasked(values: SettingValues, warn: (warning: string) => void): void {
  const reasons = new Map<string, string[]>();
  for (const { key, value, origin } of values.unasked()) {
    const group = groupOf(key);
    const isOff = value === '' || /^(false|no)$/i.test(value);
    if (group?.isProtection === true && isOff) continue;
    const spelling = group === null ? values.spellingOf(key) : null;
    const hint = spelling === null ? '' : `, did you mean ${spelling}?`;
    const prefix = group?.isProtection === true ? loud : '';
    const reason = group?.reason ?? 'unknown key, ignored';
    const keys = reasons.get(`${prefix}\n${reason}`) ?? [];
    keys.push(`${key} (${origin}${hint})`);
    reasons.set(`${prefix}\n${reason}`, keys);
  }
  for (const [about, keys] of reasons) {
    const [prefix, reason] = about.split('\n');
    warn(`${prefix}${keys.join(', ')}: ${reason}`);
  }
}

function parseFile(text: string, path: string): Assignment[] {
  try {
    return parseZooCfg(text).map(({ key, value, line }) =>
      entry(key, value, `${path} line ${line}`),
    );
  } catch (error) {
    if (!(error instanceof CfgSyntaxError)) throw error;
    throw new ConfigError(`${path} line ${error.line}: ${error.message}; valid: key=value`);
  }
}

function readText({ readFile }: Pick<ConfigInput, 'readFile'>, path: string): string {
  try {
    return readFile(path);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${path}: cannot be read: ${problem}; valid: a readable file`);
  }
}

function entry(key: string, value: string, origin: string): Assignment {
  return { key, value, origin };
}
