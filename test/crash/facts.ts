/**
 * What a start finds in a directory: opened and recovered as a restarted replica does it, first up
 * to what is noted as committed, then the rest of the log. On request it also goes on from there:
 * writes, makes a snapshot, is closed and opened again.
 */

import { createHash } from 'node:crypto';
import { firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Promises } from '../../storage/log-store.ts';
import { recover, replayer } from '../../storage/recovery.ts';
import type { ReplicatedState } from '../../storage/replicated-state.ts';
import { SnapshotPass } from '../../storage/snapshot-pass.ts';
import { openStores, type Stores } from '../../storage/stores.ts';
import { createBody, Pipeline } from '../support/pipeline.ts';
import { contents, freshDigest } from '../support/tree-model.ts';

/** A state in short: equal for equal trees, sessions and secrets. */
export interface StateFacts {
  readonly zxid: number;
  readonly digest: number;
  readonly contents: string;
  /** What no state may show. */
  readonly faults: readonly string[];
}

export interface Facts {
  readonly lastZxid: number;
  readonly oldestZxid: number;
  readonly startZxid: number;
  readonly committedZxid: number;
  readonly promises: Promises;
  readonly trimmed: string | null;
  readonly snapshotZxid: number;
  /** Each frame of the log, in short. */
  readonly frames: readonly { readonly first: number; readonly digest: string }[];
  /** Up to what is committed. */
  readonly committed: StateFacts;
  readonly whole: StateFacts;
  /** Faults that came up when it went on from there. */
  readonly lateFaults: readonly string[];
}

const pids = { next: 2 ** 25 };
const open = (directory: string, segmentBytes: number): Promise<Stores> =>
  openStores(directory, directory, pids.next++, segmentBytes);

export const frameDigest = (frame: Buffer): string =>
  createHash('sha1').update(frame).digest('base64');

/** @throws whatever a start throws */
export async function factsOf(
  directory: string,
  segmentBytes: number,
  { goesOn }: { readonly goesOn: boolean },
): Promise<Facts> {
  const stores = await open(directory, segmentBytes);
  try {
    const { log, snapshots } = stores;
    const { lastZxid, oldestZxid, startZxid, committedZxid, promises, trimmed } = log;
    const { state, snapshotZxid } = recover(snapshots, log, { upTo: committedZxid });
    const committed = stateFacts(state);
    await snapshots.endReading();
    const replay = replayer(state);
    let replayed = 0;
    for (const frame of log.read(state.lastZxid)) replayed += replay(frame);
    const frames = Array.from(log.read(oldestZxid), (frame) => ({
      first: firstZxidOf(frame),
      digest: frameDigest(frame),
    }));
    const whole = replayed === 0 ? committed : stateFacts(state);
    const found = {
      lastZxid,
      oldestZxid,
      startZxid,
      committedZxid,
      promises,
      snapshotZxid,
      frames,
    };
    const seen = { ...found, trimmed: trimmed ?? null, committed, whole };
    const lateFaults = goesOn ? await goOn(stores, state, directory, segmentBytes) : [];
    return { ...seen, lateFaults };
  } finally {
    await stores.close();
  }
}

export function stateFacts(state: ReplicatedState): StateFacts {
  const { tree, sessions } = state;
  const seen = contents(tree);
  const text = JSON.stringify([
    seen,
    [...sessions.entries()].sort(),
    state.secret?.toString('hex'),
  ]);
  const faults: string[] = [];
  for (const [owner] of tree.special.owners()) {
    if (!sessions.has(owner)) faults.push(`ephemerals of ${owner} outlive it (C9)`);
  }
  for (const path of Object.keys(seen)) {
    const [, side] = /-(left|right)$/.exec(path) ?? [];
    if (side === undefined) continue;
    const other = path.slice(0, -side.length) + (side === 'left' ? 'right' : 'left');
    if (!(other in seen)) faults.push(`${path} is there without ${other} (C5)`);
  }
  const digest = tree.digest.value;
  if (tree.digest.recompute() !== digest) faults.push('the digest is not that of the rows');
  if (freshDigest(tree) !== digest) faults.push('the digest is not that of the data');
  const hash = createHash('sha1').update(text).digest('base64');
  return { zxid: state.lastZxid, digest, contents: hash, faults };
}

const newSession = '0500000000000055';

/** The next life begins with writes, a snapshot and a promise, and ends; another one begins. */
async function goOn(
  stores: Stores,
  state: ReplicatedState,
  directory: string,
  segmentBytes: number,
): Promise<string[]> {
  const { log, snapshots } = stores;
  const pipeline = new Pipeline({ state, sessions: [newSession] });
  const from = { session: newSession };
  for (const name of ['/later-left', '/later-right', '/more']) {
    pipeline.run(Opcode.create, createBody(name, 0, 'x'.repeat(3000)), from);
  }
  await Promise.all(pipeline.frames(2).map((frame) => log.append(frame)));
  const pass = new SnapshotPass(state, snapshots, 0);
  while (await pass.writeSlice(2));
  await pass.finish();
  await log.purge(state.lastZxid);
  const { acceptedEpoch, currentEpoch } = log.promises;
  const promises = { acceptedEpoch: acceptedEpoch + 1, currentEpoch };
  await log.writePromises(promises);
  const expected = stateFacts(state);
  await stores.close();

  const again = await open(directory, segmentBytes);
  const { state: found } = recover(again.snapshots, again.log);
  const kept = again.log.promises;
  await again.close();
  const faults = [...expected.faults];
  const { zxid, contents: seen } = stateFacts(found);
  if (zxid !== lastOf(pipeline)) faults.push('what came later is not all there');
  if (seen !== expected.contents) faults.push('what came later is there, and not the same');
  if (JSON.stringify(kept) !== JSON.stringify(promises)) faults.push('a later promise is lost');
  return faults;
}

const lastOf = (pipeline: Pipeline): number => lastZxidOf(pipeline.frames(1).at(-1)!);
