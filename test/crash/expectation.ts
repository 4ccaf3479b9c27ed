/**
 * What a directory may hold after a crash, as the marks up to that moment allow: one world, or two
 * while a leader's history or snapshot takes the place of ours (all or nothing). What was answered
 * must be there; what was asked for may be.
 */

import { createHash } from 'node:crypto';
import { firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import type { Promises } from '../../storage/log-store.ts';
import type { Mark } from './marks.ts';

export interface Frame {
  readonly bytes: Buffer;
  readonly first: number;
  readonly last: number;
  /** Of this frame and all before it. */
  readonly chain: string;
}

export interface World {
  /** From the first txn on, also what was purged or is only in the snapshot. */
  readonly frames: readonly Frame[];
  /** All up to it was answered. */
  readonly logged: number;
  /** What was answered, then what was asked for since. */
  readonly promises: readonly Promises[];
  readonly committed: readonly number[];
  /** zxids of the finished snapshot, and of those being finished. */
  readonly snapshots: readonly number[];
  /** Nothing above it may be purged. */
  readonly purged: number;
  readonly start: number;
}

const emptyWorld: World = {
  frames: [],
  logged: 0,
  promises: [{ acceptedEpoch: 0, currentEpoch: 0 }],
  committed: [0],
  snapshots: [0],
  purged: 0,
  start: 0,
};

/** The worlds that are possible; never none. */
export type Expectation = readonly World[];

export const nothingYet: Expectation = [emptyWorld];

export function after(expectation: Expectation, mark: Mark): Expectation {
  if (mark.is === 'adopted' || mark.is === 'restarted') return [expectation.at(-1)!];
  const world = expectation[0]!;
  if (mark.is === 'adopt' || mark.is === 'restart') return [world, replaced(world, mark)];
  return [advanced(world, mark)];
}

function advanced(world: World, mark: Mark): World {
  switch (mark.is) {
    case 'append':
      return { ...world, frames: extended(world.frames, [mark.frame]) };
    case 'logged':
      return { ...world, logged: mark.zxid };
    case 'promise':
      return { ...world, promises: [...world.promises, mark.promises] };
    case 'promised':
      return { ...world, promises: from(world.promises, mark.promises, isSame) };
    case 'note':
      return { ...world, committed: [...world.committed, mark.zxid] };
    case 'noted':
      return { ...world, committed: from(world.committed, mark.zxid, Object.is) };
    case 'pass':
      return { ...world, snapshots: [...world.snapshots, mark.zxid] };
    case 'passed':
      return { ...world, snapshots: from(world.snapshots, mark.zxid, Object.is) };
    case 'purge':
      return { ...world, purged: Math.max(world.purged, mark.zxid) };
    default:
      return world;
  }
}

function replaced(world: World, mark: Mark & { is: 'adopt' | 'restart' }): World {
  const { promises } = mark;
  if (mark.is === 'adopt') {
    const kept = world.frames.filter(({ last }) => last <= mark.cutTo);
    const frames = extended(kept, mark.frames);
    return { ...world, frames, logged: frames.at(-1)?.last ?? 0, promises: [promises] };
  }
  const frames = extended(extended([], mark.history), mark.frames);
  return {
    frames,
    logged: Math.max(mark.zxid, frames.at(-1)?.last ?? 0),
    promises: [promises],
    committed: [Math.max(mark.zxid, world.committed.at(-1)!)],
    snapshots: [mark.zxid],
    purged: mark.zxid,
    start: mark.zxid,
  };
}

export function extended(frames: readonly Frame[], added: readonly string[]): Frame[] {
  const result = [...frames];
  for (const text of added) {
    const bytes = Buffer.from(text, 'base64');
    const before = result.at(-1)?.chain ?? '';
    const chain = createHash('sha1').update(before).update(bytes).digest('base64');
    result.push({ bytes, first: firstZxidOf(bytes), last: lastZxidOf(bytes), chain });
  }
  return result;
}

const isSame = (a: Promises, b: Promises): boolean =>
  a.acceptedEpoch === b.acceptedEpoch && a.currentEpoch === b.currentEpoch;

/** What was answered is the first from now on; what was asked for before it is out of the way. */
function from<T>(options: readonly T[], answered: T, same: (a: T, b: T) => boolean): readonly T[] {
  const at = options.findIndex((option) => same(option, answered));
  return options.slice(Math.max(at, 0));
}
