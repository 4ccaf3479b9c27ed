/**
 * The part of the configuration that is single numbers and switches: limits of clients, times,
 * storage and the tree. Defaults come from defaultSettings. What ZooKeeper itself raises to a
 * minimum is raised, with a warning; anything else out of range is a ConfigError.
 */

import type { Settings } from '../actors/settings.ts';
import { defaultSettings } from '../actors/settings.ts';
import { settingFault } from './config-error.ts';
import type { SettingValues } from './setting-values.ts';

type Warn = (warning: string) => void;
const none = defaultSettings;

export type ClientLimits = Pick<
  Settings,
  | 'maxClientCnxns'
  | 'maxCnxns'
  | 'clientPortListenBacklog'
  | 'clientTcpKeepAlive'
  | 'sessionlessTimeoutMs'
  | 'frameBytesMax'
  | 'largeRequestBytesMax'
  | 'largeRequestThreshold'
  | 'globalOutstandingLimit'
>;

/** For both connection limits ZooKeeper takes 0 and anything below it as no limit. */
export function readClientLimits(values: SettingValues): ClientLimits {
  return {
    maxClientCnxns: Math.max(bounded(values, 'maxClientCnxns', none.maxClientCnxns, -1), 0),
    maxCnxns: Math.max(bounded(values, 'maxCnxns', none.maxCnxns, -1), 0),
    clientPortListenBacklog: bounded(values, 'clientPortListenBacklog', -1, -1),
    clientTcpKeepAlive: values.boolean('clientTcpKeepAlive', none.clientTcpKeepAlive),
    sessionlessTimeoutMs: bounded(
      values,
      'nio.sessionlessCnxnTimeout',
      none.sessionlessTimeoutMs,
      1,
      'ms',
    ),
    frameBytesMax: values.integer('jute.maxbuffer', {
      fallback: none.frameBytesMax,
      min: 1024,
      unit: 'bytes',
      isHexAllowed: true,
    }),
    largeRequestBytesMax: bounded(
      values,
      'largeRequestMaxBytes',
      none.largeRequestBytesMax,
      1,
      'bytes',
    ),
    largeRequestThreshold: bounded(values, 'largeRequestThreshold', -1, -1, 'bytes, -1 for none'),
    globalOutstandingLimit: bounded(
      values,
      'globalOutstandingLimit',
      none.globalOutstandingLimit,
      1,
    ),
  };
}

export type TimeSettings = Pick<
  Settings,
  | 'tickTimeMs'
  | 'minSessionTimeoutMs'
  | 'maxSessionTimeoutMs'
  | 'initLimitTicks'
  | 'syncLimitTicks'
  | 'localSessionsEnabled'
  | 'localSessionsUpgradingEnabled'
  | 'readOnlyModeEnabled'
>;

export function readTimes(values: SettingValues, source: string): TimeSettings {
  const tickTimeMs = bounded(values, 'tickTime', none.tickTimeMs, 1, 'ms');
  return {
    tickTimeMs,
    ...readSessionTimeouts(values, source, tickTimeMs),
    initLimitTicks: bounded(values, 'initLimit', none.initLimitTicks, 1, 'ticks'),
    syncLimitTicks: bounded(values, 'syncLimit', none.syncLimitTicks, 1, 'ticks'),
    localSessionsEnabled: values.boolean('localSessionsEnabled', none.localSessionsEnabled),
    localSessionsUpgradingEnabled: values.boolean(
      'localSessionsUpgradingEnabled',
      none.localSessionsUpgradingEnabled,
    ),
    readOnlyModeEnabled: values.boolean('readonlymode.enabled', none.readOnlyModeEnabled),
  };
}

function readSessionTimeouts(
  values: SettingValues,
  source: string,
  tickTimeMs: number,
): Pick<Settings, 'minSessionTimeoutMs' | 'maxSessionTimeoutMs'> {
  const read = (key: string, ticks: number) => {
    const given = bounded(values, key, -1, -1, 'ms, -1 for the default');
    return given === -1 ? ticks * tickTimeMs : given;
  };
  const minSessionTimeoutMs = read('minSessionTimeout', 2);
  const maxSessionTimeoutMs = read('maxSessionTimeout', 20);
  if (minSessionTimeoutMs <= maxSessionTimeoutMs) {
    return { minSessionTimeoutMs, maxSessionTimeoutMs };
  }
  const given = values.find('minSessionTimeout') ?? values.find('maxSessionTimeout');
  throw settingFault(
    given ?? { key: 'minSessionTimeout', value: String(minSessionTimeoutMs), origin: source },
    `minSessionTimeout ${minSessionTimeoutMs} is over maxSessionTimeout ${maxSessionTimeoutMs}`,
    'a minimum up to the maximum (by default 2 and 20 ticks)',
  );
}

export type StorageSettings = Pick<
  Settings,
  | 'snapCount'
  | 'snapBytes'
  | 'logSegmentBytes'
  | 'fsyncWarningThresholdMs'
  | 'purge'
  | 'digestEnabled'
  | 'syncEnabled'
>;

export function readStorage(values: SettingValues, warn: Warn): StorageSettings {
  const thresholdMs = none.fsyncWarningThresholdMs;
  const segmentKb = bounded(values, 'txnLogSizeLimitInKb', -1, -1, 'KB, -1 for the default');
  const observerLogs = values.boolean('observer.syncEnabled', none.syncEnabled);
  return {
    snapCount: atLeast(values, 'snapCount', 2, none.snapCount, warn),
    snapBytes: bounded(values, 'snapSizeLimitInKb', none.snapBytes / 1024, 1, 'KB') * 1024,
    logSegmentBytes: segmentKb > 0 ? segmentKb * 1024 : none.logSegmentBytes,
    fsyncWarningThresholdMs: bounded(values, 'fsync.warningthresholdms', thresholdMs, 0, 'ms'),
    purge: {
      retainCount: atLeast(values, 'autopurge.snapRetainCount', 3, none.purge.retainCount, warn),
      intervalHours: Math.max(
        bounded(values, 'autopurge.purgeInterval', none.purge.intervalHours, -1, 'h, 0 for never'),
        0,
      ),
    },
    digestEnabled: values.boolean('digest.enabled', none.digestEnabled),
    syncEnabled: values.boolean('syncEnabled', observerLogs),
  };
}

export type TreeSettings = Pick<
  Settings,
  | 'extendedTypesEnabled'
  | 'emulate353TtlNodes'
  | 'enforceQuota'
  | 'containerCheckIntervalMs'
  | 'containerDeletesPerMinuteMax'
  | 'containerNeverUsedIntervalMsMax'
>;

export function readTree(values: SettingValues): TreeSettings {
  const { containerCheckIntervalMs, containerDeletesPerMinuteMax } = none;
  const neverUsedMs = none.containerNeverUsedIntervalMsMax;
  const container = (name: string, fallback: number, min: number, unit?: string) =>
    bounded(values, `znode.container.${name}`, fallback, min, unit);
  return {
    extendedTypesEnabled: values.boolean('extendedTypesEnabled', none.extendedTypesEnabled),
    emulate353TtlNodes: values.boolean('emulate353TTLNodes', none.emulate353TtlNodes),
    enforceQuota: values.boolean('enforceQuota', none.enforceQuota),
    containerCheckIntervalMs: container('checkIntervalMs', containerCheckIntervalMs, 1, 'ms'),
    containerDeletesPerMinuteMax: container('maxPerMinute', containerDeletesPerMinuteMax, 1),
    containerNeverUsedIntervalMsMax: container('maxNeverUsedIntervalMs', neverUsedMs, 0, 'ms'),
  };
}

function bounded(
  values: SettingValues,
  key: string,
  fallback: number,
  min: number,
  unit?: string,
): number {
  return values.integer(key, unit === undefined ? { fallback, min } : { fallback, min, unit });
}

/** A number that ZooKeeper raises to its minimum instead of refusing it. */
function atLeast(
  values: SettingValues,
  key: string,
  min: number,
  fallback: number,
  warn: Warn,
): number {
  const given = bounded(values, key, fallback, -0x80000000);
  if (given < min) warn(`${values.find(key)?.origin}: ${key}=${given} is raised to ${min}`);
  return Math.max(given, min);
}
