/**
 * `mntr`: one metric per line, `zk_` and the key, a tab, the value. Integers are plain and all
 * other numbers have a dot, since exporters tell types by it. What nobody counts here is left out:
 * a zero would be read as a measurement.
 */

import { formatAverage } from './java-text.ts';
import type { ProcessFacts } from './process-facts.ts';
import type { ReplicaView } from './replica-view.ts';
import { ensembleMetrics } from './words-ensemble.ts';
import { versionText } from './words-environment.ts';
import { znodeCount } from './words-stat.ts';

type Metric = readonly [key: string, value: string | number | null];

export function monitorLines(view: ReplicaView, facts: ProcessFacts): string {
  const metrics: Metric[] = [
    ['version', versionText(facts)],
    ['server_state', view.mode()],
    ...ensembleMetrics(view.ensemble()),
    ...requestMetrics(view),
    ...treeMetrics(view),
    ...processMetrics(view, facts),
    ...flushMetrics(view),
    ...quotaMetrics(view),
  ];
  return metrics
    .filter(([, value]) => value !== null)
    .map(([key, value]) => `zk_${key}\t${value}\n`)
    .join('');
}

function requestMetrics(view: ReplicaView): Metric[] {
  const { counters, connections, sessions, state } = view;
  return [
    ['avg_latency', formatAverage(counters.latency.averageMs)],
    ['max_latency', counters.latency.maxMs],
    ['min_latency', counters.latency.minMs],
    ['packets_received', counters.packetsReceived],
    ['packets_sent', counters.packetsSent],
    ['num_alive_connections', connections.size],
    ['outstanding_requests', view.outstanding()],
    ['last_client_response_size', counters.lastReplyBytes],
    ['max_client_response_size', counters.maxReplyBytes],
    ['min_client_response_size', counters.minReplyBytes],
    ['auth_failed_count', counters.authFailures],
    ['global_sessions', state.sessions.size],
    ['local_sessions', sessions.local.size],
    ['stale_sessions_expired', sessions.expiredCount],
  ];
}

function treeMetrics(view: ReplicaView): Metric[] {
  const { tree } = view.state;
  return [
    ['znode_count', znodeCount(view)],
    ['watch_count', view.watches.index.watchCount],
    ['ephemerals_count', tree.special.ephemeralCount],
    ['approximate_data_size', tree.dataBytes],
  ];
}

function processMetrics(view: ReplicaView, facts: ProcessFacts): Metric[] {
  return [
    ['open_file_descriptor_count', facts.openFiles()],
    ['max_file_descriptor_count', facts.openFilesMax()],
    ['uptime', Math.floor(view.uptimeMs())],
  ];
}

function flushMetrics({ counters }: ReplicaView): Metric[] {
  const { averageMs, minMs, maxMs, count, sumMs } = counters.flush;
  return [
    ['avg_fsynctime', formatAverage(averageMs)],
    ['min_fsynctime', minMs],
    ['max_fsynctime', maxMs],
    ['cnt_fsynctime', count],
    ['sum_fsynctime', sumMs],
  ];
}

/** By the first name of the path, as ZooKeeper does; a hard limit goes before a soft one. */
function quotaMetrics({ state: { quotas } }: ReplicaView): Metric[] {
  const metrics: Metric[] = [];
  for (const path of quotas.paths()) {
    const report = quotas.report(path);
    if (report === null) continue;
    const { limits, usage } = report;
    const name = path.split('/')[1];
    const countLimit = limits.countHardLimit > -1 ? limits.countHardLimit : limits.count;
    const bytesLimit = limits.byteHardLimit > -1 ? limits.byteHardLimit : limits.bytes;
    metrics.push(
      [`${name}_quota_count_limit_per_namespace`, countLimit],
      [`${name}_quota_count_usage_per_namespace`, usage.count],
      [`${name}_quota_bytes_limit_per_namespace`, bytesLimit],
      [`${name}_quota_bytes_usage_per_namespace`, usage.bytes],
    );
  }
  return metrics;
}
