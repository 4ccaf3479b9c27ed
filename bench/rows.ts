/**
 * The rows of the comparison: what is loaded how, which figures count, what must be reached and
 * what is aimed at, and, where a row misses that, why and what would lift it. Figures themselves
 * never stand here.
 */

import {
  bytes,
  limit,
  type Measure,
  megabytes,
  ms,
  number,
  rate,
  ratio,
  throughput,
  time,
} from './measure.ts';

export interface Row {
  /** Its name in results.json. */
  readonly key: string;
  readonly section: string;
  readonly title: string;
  /** Arguments of the load generator. */
  readonly load: readonly string[];
  /** Rows of one group run against the same processes. */
  readonly group: string;
  readonly measures: readonly Measure[];
}

/**
 * By the key of a row: why it misses what it must reach, and what would lift it. Shown only while
 * it does.
 */
export const reasons: { readonly [key: string]: string } = {
  'latency writes':
    'no fewer writes by second than Apache, whose mean is spoilt by one in a hundred of 9 ms, ' +
    'but half of ours take longer. One client keeps both processors three quarters busy: 1.4 ' +
    'to 1.7 ms of their time for a write, of which no part stands out (docs/COSTS.md). Three ' +
    'logs are committed on one disk, each by two syncs, Apache by one; five frames go through ' +
    'a broker to seven readers; and all that three replicas do for a batch is done for one ' +
    'write. With the meta page synced by the next commit: 8 % more writes at most. A bus ' +
    'without a broker between two replicas would lift it.',
  'mix -c 300 -o 1 -w 100':
    'both processors are busy: a write costs some 85 to 110 µs in all processes, of which the ' +
    'main threads of three replicas have six tenths, nats-server and the load generator a tenth ' +
    'each, LMDB less (docs/COSTS.md). It moves with the hour, and so does Apache: 1.1 to 2 times ' +
    'in runs of one day. What lifted it: fewer collections of garbage; sockets without streams.',
  'mix -c 30 -o 1 -w 100':
    'small batches: the cost of a batch (two syncs, the hops over the bus, waking four processes ' +
    'on two processors) outweighs that of its writes. It moves much from run to run: 0.9 to 2 ' +
    "times Apache's. Fewer wake-ups by batch would lift it: a bus without a broker in between.",
  memory:
    'some 78 MB are a replica without clients, mostly Node itself; then the young generation, ' +
    'and what the log holds to be written (docs/COSTS.md).',
  znodes:
    'it moves with the machine: a data directory of 2.4 M znodes took 3.3 s in one hour of a day ' +
    "and 5.2 s in another. What must be reached is 0.35 times Apache's time where it was first " +
    'measured. The main thread decodes pages (31 % by perf record), reads and checks them (16 %) ' +
    'and applies the log behind them (a fifth). Pages read and checked in another thread would ' +
    'lift it; not tried.',
  snapshot:
    'some ten commits in ten seconds decide, on both sides. While our pass writes the whole tree ' +
    '(3 to 5 s) and the log behind it is freed (some 4), a commit waits for the disk behind ' +
    'other syncs, and twice, for it has two where Apache has one: 7 to 10 ms at worst ' +
    '(docs/COSTS.md). The aim in ms is reached. A disk of its own for the log (dataLogDir) might ' +
    'lift it; not tried.',
  'fan-out':
    'one thread writes to 10,000 sockets, one system call each: some 15 µs per event, of which ' +
    'the kernel has about 10 (sending, receiving, waking the reader: a third each). A C program ' +
    'that only writes takes 50 ms (p50) and 105 ms (p99) here, one with two threads 48 and 70: ' +
    'the aim is out of reach with the load generator on the same two processors. The rest is ' +
    'our own finding and queueing, and garbage (docs/COSTS.md). ' +
    'Several threads with a share of the connections each would lift it.',
};

function mix(load: string, group: string, title: string, [must, aim]: [number, number]): Row {
  const key = `mix ${load}`;
  const measures = throughput(must, aim);
  return { key, section: 'mixes', group, title, load: load.split(' '), measures };
}

export const rows: readonly Row[] = [
  mix('-c 30 -o 100 -w 0', 'saturated', 'saturated reads', [5, 10]),
  mix('-c 30 -o 100 -w 100', 'saturated', 'saturated writes', [2, 4]),
  mix('-c 30 -o 100 -w 30', 'saturated', '30 % writes', [2.5, 5]),
  mix('-c 30 -o 100 -w 10', 'saturated', '10 % writes', [3, 6]),
  mix('-c 300 -o 1 -w 0', 'many clients', 'many plain clients, reads', [2, 3]),
  mix('-c 300 -o 1 -w 30', 'many clients', 'many plain clients, 30 % writes', [1.4, 2.5]),
  mix('-c 300 -o 1 -w 100', 'many clients', 'many plain clients, writes', [1.4, 2]),
  mix('-c 30 -o 1 -w 0', 'few clients', 'few plain clients, reads', [2, 3]),
  mix('-c 30 -o 1 -w 100', 'few clients', 'few plain clients, writes', [1.2, 2]),
  {
    ...{ key: 'latency writes', section: 'latency', group: 'one client' },
    title: 'one write at a time, through a follower',
    load: ['-c', '1', '-o', '1', '-w', '100'],
    measures: [
      time('writeP50', 'p50', ratio(1), ratio(0.7)),
      time('writeP99', 'p99', ratio(1), ratio(0.7)),
      time('writeP999', 'p99.9'),
    ],
  },
  {
    ...{ key: 'latency reads', section: 'latency', group: 'one client' },
    title: 'one read at a time, from a follower',
    load: ['-c', '1', '-o', '1', '-w', '0'],
    measures: [
      time('readP50', 'p50', ratio(1), ratio(0.8)),
      time('readP99', 'p99'),
      time('readP999', 'p99.9'),
    ],
  },
  {
    ...{ key: 'outage', section: 'outage', group: 'outage' },
    title: 'write outage after SIGKILL of the leader',
    load: ['-c', '30', '-o', '4', '-w', '30'],
    measures: [time('outage', 'longest time without a write', ms(250), ms(100))],
  },
  {
    ...{ key: 'memory', section: 'memory', group: 'memory' },
    title: 'resident memory per replica under 30 % writes',
    load: ['-c', '30', '-o', '100', '-w', '30'],
    measures: [bytes('residentBytesPerReplica', 'resident', megabytes(150), megabytes(100))],
  },
  {
    ...{ key: 'znodes', section: 'znodes', group: 'znodes' },
    title: '1.88 M znodes of 100 B, standalone',
    load: ['-c', '8', '-o', '200', '-w', '100', '-O', 'create', '-v', '100'],
    measures: [
      number('znodes', 'znodes in the end'),
      rate('createsPerSecond', 'creates', ratio(2), ratio(4)),
      bytes('bytesPerZnodeLoading', 'resident per znode, loading', limit(500), limit(300)),
      bytes('bytesPerZnodeRestarted', 'resident per znode, restarted', limit(500), limit(300)),
      time('startSeconds', 'start to first answer', limit(3), limit(1.5)),
      bytes('diskBytes', 'disk', limit(1e9), limit(0.6e9)),
    ],
  },
  {
    ...{ key: 'snapshot', section: 'snapshot', group: 'snapshot' },
    title: 'writes while a snapshot of 1.88 M znodes is under way',
    load: ['-c', '30', '-o', '1', '-w', '100', '-v', '100'],
    measures: [
      time('writeP999', 'p99.9', ratio(0.5), ms(20)),
      time('writeP99', 'p99'),
      time('writeP50', 'p50'),
      rate('writesPerSecond', 'writes'),
      number('znodes', 'znodes'),
      bytes('snapshotBytes', 'written into snapshots meanwhile'),
    ],
  },
  {
    ...{ key: 'watches', section: 'watches', group: 'watches' },
    title: '1 M armed watches, one replica',
    load: ['-c', '1000', '-p', '1000'],
    measures: [
      bytes('residentBytes', 'resident', megabytes(300), megabytes(150)),
      rate('armedPerSecond', 'arming', ratio(5), ratio(20)),
    ],
  },
  {
    ...{ key: 'fan-out', section: 'watches', group: 'fan-out' },
    title: 'one change seen by 10,000 watchers, one replica',
    load: ['-c', '10000'],
    measures: [time('fanoutP50', 'p50', ms(80), ms(40)), time('fanoutP99', 'p99', ms(150), ms(60))],
  },
  {
    ...{ key: 'sessions', section: 'sessions', group: 'sessions' },
    title: '10,000 open idle sessions, three replicas',
    load: ['-c', '10000', '-p', '1'],
    measures: [
      bytes('bytesPerSession', 'resident per session, all replicas together'),
      number('processors', 'processors in use'),
    ],
  },
];
