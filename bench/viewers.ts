/**
 * What it costs to be looked at: the same load on one ensemble with nobody at the console, with one
 * viewer and with ten, in turn. A viewer takes what the page of the ensemble and the state charts
 * take: every machine of the replicas, and the frames between them.
 */

import { WebSocket } from 'ws';
import type { Bench } from './bench.ts';
import type { Ensemble } from './ensemble.ts';
import { freePorts } from './ports.ts';
import { quantity, spreadText } from './quantity.ts';
import type { Results } from './results.ts';
import { type Line, table } from './table.ts';
import { pause } from './time.ts';
import { spreadIn } from './verdict.ts';

export const viewerCounts: readonly number[] = [0, 1, 10];
const load = ['-c', '30', '-o', '100', '-w', '30'];
const settleMs = 1000;
const filter = {
  machines: [
    ...['peer', 'election', 'leader', 'learner', 'learnerHandler', 'channel', 'snapshotter'],
    ...['sessionTracker', 'message'],
  ],
  sids: null,
  instance: null,
};

export function viewersKey(count: number): string {
  return `viewers ${count}`;
}

export async function runViewers(bench: Bench): Promise<void> {
  if (!bench.wants({ key: 'viewers', title: 'What it costs to be looked at' })) return;
  const [port] = (await freePorts(1)) as [number];
  let round = 0;
  const settingsOf = (sid: number) => (sid === 1 ? [`console.port=${port}`] : []);
  await bench.alone('viewers', { voters: 3, settingsOf }, async (ensemble) => {
    // What a process has done before makes it faster: none is the first, and each comes first once.
    await bench.loads.run(ensemble, load, bench.times);
    for (let at = 0; at < viewerCounts.length; at++) {
      const count = viewerCounts[(round + at) % viewerCounts.length]!;
      await runWith(bench, ensemble, port, count);
    }
    round++;
  });
}

async function runWith(bench: Bench, ensemble: Ensemble, port: number, count: number) {
  const viewers = await Promise.all(Array.from({ length: count }, () => openViewer(port)));
  try {
    await pause(settleMs);
    const told = () => viewers.reduce((sum, viewer) => sum + viewer.records, 0);
    const before = told();
    const { sample } = await bench.loads.run(ensemble, load, bench.times);
    const seconds = bench.times.seconds + bench.times.warm;
    const recordsPerSecond = count === 0 ? 0 : (told() - before) / count / seconds;
    bench.note(viewersKey(count), ensemble, { ...sample, recordsPerSecond });
  } finally {
    for (const { socket } of viewers) socket.terminate();
  }
}

interface Viewer {
  readonly socket: WebSocket;
  records: number;
}

function openViewer(port: number): Promise<Viewer> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/inspect?batch=1`);
    const viewer: Viewer = { socket, records: 0 };
    socket.on('message', (text) => {
      viewer.records += (JSON.parse(String(text)) as unknown[]).length;
    });
    socket.on('error', reject);
    socket.on('open', () => {
      socket.send(JSON.stringify({ filter }));
      resolve(viewer);
    });
  });
}

/** '' when nothing of it has been run. */
export function viewersTable(results: Results): string {
  const lines = viewerCounts.flatMap((count): Line[] => {
    const series = results.series[viewersKey(count)];
    const of = (figure: string) => spreadIn(series, 'natskeeper', figure);
    const [rate, cost, told] = [
      of('perSecond'),
      of('processorPerOperation'),
      of('recordsPerSecond'),
    ];
    if (rate === null) return [];
    return [
      [
        String(count),
        spreadText(rate, 'perSecond'),
        cost === null ? '' : quantity(cost.median, 'seconds'),
        told === null ? '' : quantity(told.median, 'perSecond'),
      ],
    ];
  });
  if (lines.length === 0) return '';
  const head = ['viewers', 'operations', 'processor time by operation', 'records to each viewer'];
  return table(head, lines);
}
