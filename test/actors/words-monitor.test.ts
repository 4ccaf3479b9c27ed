/**
 * mntr: every key and its number format. Expected values are as Apache ZooKeeper 3.8.0 prints them;
 * its order of keys is a hash map's and so is not kept.
 */

import { describe, expect, test } from 'vitest';
import { FourLetterWords } from '../../actors/four-letter-words.ts';
import { WatchTable } from '../../storage/watch-index.ts';
import {
  addEphemeral,
  addWatch,
  ask,
  facts,
  first,
  makeView,
  nothing,
  second,
  threeClients,
  version,
} from '../support/replica-view.ts';

describe('mntr', () => {
  test('all keys of a new standalone replica', () => {
    expect(ask(makeView({}), 'mntr')).toBe(
      `zk_version\t${version}\nzk_server_state\tstandalone\n` +
        'zk_avg_latency\t0.0\nzk_max_latency\t0\nzk_min_latency\t0\n' +
        'zk_packets_received\t0\nzk_packets_sent\t0\nzk_num_alive_connections\t0\n' +
        'zk_outstanding_requests\t2\nzk_last_client_response_size\t-1\n' +
        'zk_max_client_response_size\t-1\nzk_min_client_response_size\t-1\n' +
        'zk_auth_failed_count\t0\nzk_global_sessions\t0\nzk_local_sessions\t0\n' +
        'zk_stale_sessions_expired\t0\nzk_znode_count\t5\nzk_watch_count\t0\n' +
        'zk_ephemerals_count\t0\nzk_approximate_data_size\t20\n' +
        'zk_open_file_descriptor_count\t63\nzk_max_file_descriptor_count\t20000\n' +
        'zk_uptime\t72003\nzk_avg_fsynctime\t0.0\nzk_min_fsynctime\t0\n' +
        'zk_max_fsynctime\t0\nzk_cnt_fsynctime\t0\nzk_sum_fsynctime\t0\n',
    );
  });

  test('averages are doubles as Java prints them', () => {
    const view = makeView({});
    for (let count = 0; count < 1999; count++) view.counters.latency.note(0);
    view.counters.latency.note(1);
    view.counters.flush.note(2);

    expect(ask(view, 'mntr')).toContain('zk_avg_latency\t5.0E-4\n');
    expect(ask(view, 'mntr')).toContain('zk_avg_fsynctime\t2.0\n');
  });

  test('what the system does not tell is left out', () => {
    const silent = { ...facts, openFiles: () => null, openFilesMax: () => null };

    const text = new FourLetterWords(makeView({}), silent).answer('mntr', nothing);

    expect(text).not.toContain('file_descriptor');
  });

  test('counts of the tree, and quotas by the first name of their path', () => {
    const view = makeView({ clients: threeClients(), localSessions: [first, second] });
    addEphemeral(view, 'eph', first.id);
    addWatch(view, 1, '/eph', WatchTable.data);
    addWatch(view, 1, '/', WatchTable.child);
    view.state.sessions.set(first.id, first.timeoutMs);
    const quotas = new Map([
      ['/b', 'count=-1,bytes=1000=;byteHardLimit=5;countHardLimit=-1'],
      ['/c/d', 'count=7,bytes=-1=;byteHardLimit=-1;countHardLimit=9'],
    ]);
    view.state.quotas.paths = () => quotas.keys();
    view.state.quotas.report = (path) => ({
      limits: {
        count: 7,
        bytes: 1000,
        countHardLimit: path === '/c/d' ? 9 : -1,
        byteHardLimit: path === '/b' ? 5 : -1,
      },
      usage: { count: 2, bytes: 3, countHardLimit: -1, byteHardLimit: -1 },
    });

    const text = ask(view, 'mntr');

    expect(text).toContain('zk_num_alive_connections\t3\n');
    expect(text).toContain('zk_global_sessions\t1\nzk_local_sessions\t2\n');
    expect(text).toContain('zk_znode_count\t6\nzk_watch_count\t2\nzk_ephemerals_count\t1\n');
    expect(text.slice(text.indexOf('zk_b_'))).toBe(
      'zk_b_quota_count_limit_per_namespace\t7\nzk_b_quota_count_usage_per_namespace\t2\n' +
        'zk_b_quota_bytes_limit_per_namespace\t5\nzk_b_quota_bytes_usage_per_namespace\t3\n' +
        'zk_c_quota_count_limit_per_namespace\t9\nzk_c_quota_count_usage_per_namespace\t2\n' +
        'zk_c_quota_bytes_limit_per_namespace\t1000\nzk_c_quota_bytes_usage_per_namespace\t3\n',
    );
  });
});
