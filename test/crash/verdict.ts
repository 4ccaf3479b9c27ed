/**
 * Whether what a start found is what the marks allow: durability of what was answered (Z10),
 * promises (Z11), a dense log, and a state that equals a replay of that log from its first txn.
 */

import { epochOf, formatZxid } from '../../protocol/zxid.ts';
import { replayer } from '../../storage/recovery.ts';
import { ReplicatedState } from '../../storage/replicated-state.ts';
import type { Expectation, Frame, World } from './expectation.ts';
import { type Facts, frameDigest, type StateFacts, stateFacts } from './facts.ts';

/** States by the chain of frames that leads to them, each made by a replay from the first txn. */
export class Replays {
  readonly #states = new Map<string, StateFacts>();
  readonly #digests = new Map<string, string>();
  readonly #empty = stateFacts(ReplicatedState.initial());

  /** Behind the frames that end at or below `zxid`. */
  at(frames: readonly Frame[], zxid: number): StateFacts {
    const led = frames.filter(({ last }) => last <= zxid);
    const chain = led.at(-1)?.chain;
    if (chain === undefined) return this.#empty;
    if (!this.#states.has(chain)) this.#replay(led);
    return this.#states.get(chain)!;
  }

  #replay(frames: readonly Frame[]): void {
    const state = ReplicatedState.initial();
    const replay = replayer(state);
    for (const { bytes, chain } of frames) {
      replay(bytes);
      if (!this.#states.has(chain)) this.#states.set(chain, stateFacts(state));
    }
  }

  digest({ bytes, chain }: Frame): string {
    let digest = this.#digests.get(chain);
    if (digest === undefined) {
      digest = frameDigest(bytes);
      this.#digests.set(chain, digest);
    }
    return digest;
  }
}

/** What is wrong in the world that comes closest; nothing if there is one that fits. */
export function faultsOf(expectation: Expectation, facts: Facts, replays: Replays): string[] {
  let least: string[] | null = null;
  for (const world of expectation) {
    const faults = faultsIn(world, facts, replays);
    if (faults.length === 0) return [];
    if (least === null || faults.length < least.length) least = faults;
  }
  return least!;
}

/** The world that the facts belong to. */
export function worldOf(expectation: Expectation, facts: Facts, replays: Replays): World {
  return expectation.find((world) => faultsIn(world, facts, replays).length === 0)!;
}

function faultsIn(world: World, facts: Facts, replays: Replays): string[] {
  const faults = [...facts.committed.faults, ...facts.whole.faults, ...facts.lateFaults];
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  const { lastZxid, oldestZxid, committedZxid, promises, snapshotZxid } = facts;
  const { frames } = world;
  expect(lastZxid >= world.logged, `${formatZxid(world.logged)} was acknowledged (Z10)`);
  const isEnd = frames.some(({ last }) => last === lastZxid) || lastZxid === world.start;
  expect(isEnd, `the log ends at ${formatZxid(lastZxid)}, inside a batch`);
  const kept = frames.filter(({ first, last }) => first > oldestZxid && last <= lastZxid);
  const isDense =
    kept.length === facts.frames.length &&
    kept.every((frame, at) => facts.frames[at]!.digest === replays.digest(frame));
  expect(isDense, `${facts.frames.length} frames are not the ${kept.length} that were appended`);
  expect(oldestZxid <= Math.max(world.purged, world.start), 'more was purged than was asked for');
  expect(facts.startZxid === world.start, `the log starts behind ${formatZxid(facts.startZxid)}`);
  expect(facts.trimmed === null, `${facts.trimmed}`);
  const text = JSON.stringify(promises);
  const isPromised = world.promises.some((one) => JSON.stringify(one) === text);
  expect(isPromised, `promises ${text}, not ${JSON.stringify(world.promises)} (Z11)`);
  expect(promises.acceptedEpoch >= promises.currentEpoch, 'accepted < current epoch (Z11)');
  expect(promises.acceptedEpoch >= epochOf(lastZxid), 'accepted < epoch of the log (Z11)');
  // Noted on the way into a new segment is also what was only asked for.
  const [noted, noting] = [world.committed[0]!, world.committed.at(-1)!];
  const isNoted = committedZxid >= Math.min(noted, lastZxid) && committedZxid <= noting;
  expect(isNoted, `committed is ${formatZxid(committedZxid)}, not ${formatZxid(noted)}`);
  expect(committedZxid <= lastZxid, 'committed lies behind the end of the log');
  expect(world.snapshots.includes(snapshotZxid), `a snapshot of ${formatZxid(snapshotZxid)}`);
  const upTo = Math.max(committedZxid, snapshotZxid);
  expect(isSame(facts.committed, replays.at(frames, upTo)), 'the committed state is another one');
  expect(isSame(facts.whole, replays.at(frames, lastZxid)), 'the state is another one (C15)');
  return faults;
}

const isSame = (a: StateFacts, b: StateFacts): boolean =>
  a.digest === b.digest && a.contents === b.contents;
