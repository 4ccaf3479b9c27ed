/**
 * The keys of ZooKeeper that a configuration may hold and that mean nothing to us, each with the
 * reason that its warning gives. Where a key asks for protection that is not given, its group says
 * so, and the warning is made to be seen. A table, no logic beyond the look-up.
 */

import { canonicalKey } from './setting-values.ts';

export interface KeyGroup {
  readonly reason: string;
  /** The user believes to be protected by this, and is not. */
  readonly isProtection: boolean;
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
}

export const tlsGroup: KeyGroup = {
  reason:
    'TLS is not implemented: traffic is not encrypted, no certificate is checked, ' +
    'the secure port is closed',
  isProtection: true,
  keys: [
    'secureClientPort',
    'secureClientPortAddress',
    'sslQuorum',
    'sslQuorumReloadCertFiles',
    'portUnification',
    'requireClientAuthScheme',
    'X509AuthenticationProvider.superUser',
    'client.portUnification',
    'client.certReload',
    'admin.forceHttps',
    'admin.needClientAuth',
    'admin.portUnification',
  ],
  prefixes: ['ssl.'],
};

export const unknownProviderGroup: KeyGroup = {
  reason: 'only the schemes digest, ip, sasl and ensemble exist here; this provider is not loaded',
  isProtection: true,
  keys: [],
  prefixes: ['authProvider.'],
};

export const keyGroups: readonly KeyGroup[] = [
  tlsGroup,
  unknownProviderGroup,
  {
    reason:
      'replicas do not log in to each other by SASL: ' +
      'protect the bus by its accounts and by busSecret',
    isProtection: true,
    keys: [],
    prefixes: ['quorum.auth.'],
  },
  {
    reason: 'no audit log is written',
    isProtection: true,
    keys: [],
    prefixes: ['audit.'],
  },
  {
    reason: 'Kerberos is not implemented: no client can log in by it',
    isProtection: true,
    keys: ['requireKerberosConfig', 'security.auth_to_local', 'jaasLoginRenew'],
    prefixes: ['kerberos.'],
  },
  {
    reason: 'every txn is flushed to disk before it is acknowledged, always',
    isProtection: false,
    keys: ['forceSync'],
    prefixes: [],
  },
  {
    reason: 'no oracle is asked: two servers go on only together',
    isProtection: false,
    keys: ['oraclePath'],
    prefixes: [],
  },
  {
    reason: 'the log and the snapshots have their own format and sizes here',
    isProtection: false,
    keys: [
      'preAllocSize',
      'snapshotSizeFactor',
      'commitLogCount',
      'jute.maxbuffer.extrasize',
      'datadir.autocreate',
      'serializeLastProcessedZxid.enabled',
      'closeSessionTxn.enabled',
      'forceSnapshotSync',
    ],
    prefixes: ['snapshot.'],
  },
  {
    reason: 'replicas meet on the bus, which has its own timing and limits',
    isProtection: false,
    keys: [
      'connectToLearnerMasterLimit',
      'maxTimeToWaitForEpoch',
      'cnxTimeout',
      'quorumCnxnTimeoutMs',
      'electionPortBindRetry',
      'leaderConnectDelayDuringRetryMs',
      'observerMasterPort',
      'tcpKeepAlive',
      'quorum.cnxn.threads.size',
      'forward_learner_requests_to_commit_processor_disabled',
    ],
    prefixes: [
      'fastleader.',
      'observer.',
      'observerMaster.',
      'leader.',
      'learner.',
      'follower.',
      'multiAddress.reachabilityCheck',
    ],
  },
  {
    reason: 'batches, queues and throttling have their own bounds here',
    isProtection: false,
    keys: [
      'maxBatchSize',
      'flushDelay',
      'maxWriteQueuePollTime',
      'throttledOpWaitTime',
      'throttled_op_wait_time',
      'connectionMaxTokens',
      'connectionTokenFillTime',
      'connectionTokenFillCount',
      'connectionFreezeTime',
      'connectionDropIncrease',
      'connectionDropDecrease',
      'connectionDecreaseRatio',
      'enableEagerACLCheck',
    ],
    prefixes: ['request_', 'request_throttler.', 'connection_throttle_'],
  },
  {
    reason: 'it tunes threads, caches and sockets of the Java server',
    isProtection: false,
    keys: [
      'serverCnxnFactory',
      'maxResponseCacheSize',
      'maxGetChildrenResponseCacheSize',
      'watchManagerName',
      'watcherCleanThreshold',
      'watcherCleanIntervalInSeconds',
      'watcherCleanThreadsNum',
      'maxInProcessingDeadWatchers',
      'bitHashCacheSize',
      'intBufferStartingSizeBytes',
      'fips-mode',
    ],
    prefixes: [
      'commitProcessor.',
      'nio.',
      'netty.',
      'jvm.pause.',
      'jmx.',
      'pathStats.',
      'messageTracker.',
      'testingonly.',
    ],
  },
  {
    reason: 'the HTTP servers for administration and metrics have their own limits here',
    isProtection: false,
    keys: ['admin.idleTimeout', 'admin.httpVersion', 'admin.rateLimiterIntervalInMS'],
    prefixes: ['admin.snapshot.', 'admin.restore.', 'metricsProvider.'],
  },
  {
    reason: 'only one SASL superuser is known here: superUser',
    isProtection: false,
    keys: [],
    prefixes: ['superUser.'],
  },
  {
    reason: "only ZooKeeper's Java client reads it",
    isProtection: false,
    keys: [
      'clientCnxnSocket',
      'client.secure',
      'server.principal',
      'server.realm',
      'kinit',
      'disableAutoWatchReset',
      'request.timeout',
    ],
    prefixes: ['sasl.client'],
  },
];

/** The group of a key without meaning here; null when ZooKeeper does not know it either. */
export function groupOf(key: string): KeyGroup | null {
  const wanted = canonicalKey(key);
  const isIn = (group: KeyGroup) =>
    group.keys.includes(wanted) || group.prefixes.some((prefix) => wanted.startsWith(prefix));
  return keyGroups.find(isIn) ?? null;
}
