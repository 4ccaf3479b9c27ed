/**
 * Throughput over time while servers of five fail and come back: figure 8 of the ZooKeeper paper,
 * with its order of failures. One round.
 */

import type { Bench } from './bench.ts';
import type { Ensemble, Member } from './ensemble.ts';
import type { Mark } from './results.ts';

export const failuresKey = 'failures of five servers, 30 % writes';
const load = ['-c', '30', '-o', '20', '-w', '30'];
const intervalMs = 250;
const heapMegabytes = 512;
const seconds = 45;

type Act = (cast: Cast) => void;

interface Step {
  readonly second: number;
  readonly text: string;
  readonly act: Act;
}

const script: readonly Step[] = [
  { second: 4, text: 'follower fails', act: (cast) => cast.killFollowers(1) },
  { second: 8, text: 'recovers', act: (cast) => cast.recover() },
  { second: 11, text: 'another follower fails', act: (cast) => cast.killFollowers(1) },
  { second: 15, text: 'recovers', act: (cast) => cast.recover() },
  { second: 18, text: 'leader fails', act: (cast) => cast.killLeader() },
  { second: 23, text: 'recovers', act: (cast) => cast.recover() },
  { second: 26, text: 'two followers fail', act: (cast) => cast.killFollowers(2) },
  { second: 31, text: 'recover', act: (cast) => cast.recover() },
  { second: 36, text: 'leader fails', act: (cast) => cast.killLeader() },
  { second: 41, text: 'recovers', act: (cast) => cast.recover() },
];

/** Who leads is asked ahead of time, so that a step is done at once. */
class Cast {
  readonly #ensemble: Ensemble;
  #leader: Member;
  #down: Member[] = [];
  #next = 0;

  constructor(ensemble: Ensemble, leader: Member) {
    this.#ensemble = ensemble;
    this.#leader = leader;
  }

  killLeader(): void {
    this.#kill([this.#leader]);
    // Where none is found, the script goes on with the old one.
    this.#findLeader().catch(() => {});
  }

  killFollowers(count: number): void {
    const followers = this.#ensemble.members.filter((member) => member !== this.#leader);
    const chosen = Array.from({ length: count }, () => followers[this.#next++ % followers.length]!);
    this.#kill(chosen);
  }

  recover(): void {
    for (const member of this.#down.splice(0)) this.#ensemble.launch(member);
  }

  #kill(members: readonly Member[]): void {
    for (const member of members) this.#ensemble.kill(member);
    this.#down.push(...members);
  }

  async #findLeader(): Promise<void> {
    this.#leader = await this.#ensemble.leader();
  }
}

export async function runFailures(bench: Bench): Promise<void> {
  if (!bench.wants({ key: failuresKey, title: '' })) return;
  await bench.inTurn(
    'failures',
    { voters: 5, heapMegabytes },
    (ensemble) => play(bench, ensemble),
    1,
  );
}

async function play(bench: Bench, ensemble: Ensemble): Promise<void> {
  const cast = new Cast(ensemble, await ensemble.leader());
  const { warm } = bench.options;
  const marks: Mark[] = [];
  const left = [...script];
  const onInterval = (ms: number): void => {
    while (left[0] !== undefined && ms >= (warm + left[0].second) * 1000) {
      const { text, act } = left.shift()!;
      act(cast);
      marks.push({ ms: ms - warm * 1000, text });
    }
  };
  const options = { seconds, warm, intervalMs, onInterval };
  const { sample, timeline } = await bench.loads.run(ensemble, load, options);
  const points = timeline
    .filter(([ms]) => ms > warm * 1000)
    .map(([ms, perSecond]) => [ms - warm * 1000, perSecond] as const);
  bench.note(failuresKey, ensemble, { perSecond: sample['perSecond']!, errors: sample['errors']! });
  bench.noteCourse(failuresKey, ensemble, { points, marks });
}
