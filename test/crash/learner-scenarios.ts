/**
 * Lives of a learner: a leader's history takes the place of the end of the log (TRUNC, DIFF), or
 * a leader's snapshot that of everything (SNAP).
 */

import { HistoryIntake } from '../../actors/history-intake.ts';
import { firstZxidOf } from '../../protocol/batch.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import type { LogStore } from '../../storage/log-store.ts';
import { replayer } from '../../storage/recovery.ts';
import { ReplicatedState } from '../../storage/replicated-state.ts';
import { SnapshotPass } from '../../storage/snapshot-pass.ts';
import { MemorySnapshots } from '../support/memory-snapshots.ts';
import { createBody, Pipeline } from '../support/pipeline.ts';
import { begin, create, createPair, sessionA } from './requests.ts';
import { Rig, textOf } from './rig.ts';
import { type Scenario, segmentBytes } from './scenario.ts';

/** A leader of the epoch that shares the log up to `zxid`. */
class Leader {
  readonly pipeline: Pipeline;
  readonly shared: Buffer[];

  constructor(log: LogStore | null, zxid: number, epoch: number) {
    const state = ReplicatedState.initial();
    const replay = replayer(state);
    this.shared = [];
    for (const frame of log?.read(0) ?? []) {
      if (firstZxidOf(frame) > zxid) break;
      this.shared.push(Buffer.from(frame));
      replay(frame);
    }
    state.lastZxid = makeZxid(epoch, 0);
    this.pipeline = new Pipeline({ state, sessions: log === null ? [sessionA] : [] });
  }

  /** One batch for each name. */
  write(names: readonly string[], bytes: number): Buffer[] {
    const from = this.pipeline.txns.length;
    for (const name of names) {
      this.pipeline.run(Opcode.create, createBody(name, 0, 'l'.repeat(bytes)));
    }
    return this.pipeline.frames(1, from);
  }

  get lastZxid(): number {
    return this.pipeline.state.lastZxid;
  }
}

const names = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `/${word}${at}`);

/** A log of which the last batches are not committed, over several segments if they are large. */
async function uncommitted(rig: Rig, batches: number, bytes: number): Promise<number> {
  rig.commitsAlone = false;
  await rig.beginEpoch(1);
  begin(rig);
  await rig.append();
  rig.commitAll();
  await rig.noteCommitted();
  const kept = rig.history.lastZxid;
  for (let at = 0; at < batches; at++) {
    create(rig, `/old${at}`, bytes);
    createPair(rig, `/old${at}-pair`, 20);
    await rig.append();
  }
  return kept;
}

export const trunc: Scenario = {
  group: 'TRUNC',
  ...{ segmentBytes, subsetsMax: 48, tearsMax: 32 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    const kept = await uncommitted(rig, 5, 300);
    await rig.promise({ acceptedEpoch: 2, currentEpoch: 1 });
    // In the newest segment, then one that makes younger segments void.
    await rig.adopt(kept + 4, [], { acceptedEpoch: 2, currentEpoch: 2 });
    const leader = new Leader(rig.stores.log, kept + 4, 2);
    const frames = leader.write(names('new', 16), 6000);
    for (const frame of frames) await rig.append(frame);
    await rig.promise({ acceptedEpoch: 3, currentEpoch: 2 });
    const cut = makeZxid(2, 4);
    const next = new Leader(rig.stores.log, cut, 3);
    await rig.adopt(cut, next.write(['/third'], 100), { acceptedEpoch: 3, currentEpoch: 3 });
    for (const frame of next.write(names('fourth', 3), 500)) await rig.append(frame);
    rig.commitAll();
    await rig.noteCommitted();
    await rig.restart();
    await rig.close();
  },
};

/** One batch of history as a leader sends it. */
function packetOf(frame: Buffer, committed: number): JuteReader {
  const writer = new JuteWriter().boolean(true).long(committed);
  writer.raw(frame, 0, frame.length);
  return new JuteReader(writer.copy());
}

export const diff: Scenario = {
  group: 'DIFF apply',
  ...{ segmentBytes, subsetsMax: 64, tearsMax: 48 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    const kept = await uncommitted(rig, 2, 200);
    await rig.promise({ acceptedEpoch: 2, currentEpoch: 1 });
    const leader = new Leader(rig.stores.log, kept, 2);
    const pieces = [0, 1, 2, 3].map((at) => leader.write(names(`p${at}-`, 4), 3000));
    let cutTo = kept;
    for (const [at, frames] of pieces.entries()) {
      const currentEpoch = at === pieces.length - 1 ? 2 : 1;
      await rig.adopt(cutTo, frames, { acceptedEpoch: 2, currentEpoch });
      cutTo = rig.history.lastZxid;
    }
    rig.commitAll();
    await rig.noteCommitted();
    await rig.promise({ acceptedEpoch: 4, currentEpoch: 2 });

    const later = new Leader(rig.stores.log, cutTo, 4);
    const frames = later.write(names('last', 6), 400);
    const intake = new HistoryIntake(rig.history, {
      credit: () => {},
      received: () => {},
      broken: (reason) => {
        throw new Error(reason);
      },
    });
    for (const frame of frames) intake.take(packetOf(frame, cutTo));
    intake.leadershipReceived({ lastZxid: later.lastZxid, broadcastSeq: 0 });
    const promises = { acceptedEpoch: 4, currentEpoch: 4 };
    marks.note({ is: 'adopt', cutTo, frames: frames.map(textOf), promises });
    await new Promise<void>((done) => intake.adopt(4, () => done()));
    marks.note({ is: 'adopted' });
    await rig.restart();
    await rig.close();
  },
};

export const snapReceipt: Scenario = {
  group: 'SNAP receive',
  ...{ segmentBytes, subsetsMax: 48, tearsMax: 32 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    await uncommitted(rig, 8, 6000);
    await rig.snapshot();
    await rig.promise({ acceptedEpoch: 2, currentEpoch: 1 });
    await abandonOne(rig);

    // What the leader has is another history from the first txn on.
    const leader = new Leader(null, 0, 2);
    leader.write(names('l', 150), 40);
    const history = leader.pipeline.frames(20);
    await receive(rig, 2, history, leader.write(names('behind', 2), 300));
    rig.commitAll();
    create(rig, '/after', 100);
    await rig.append();
    await rig.snapshot();

    // And once more, over what was received before.
    await rig.promise({ acceptedEpoch: 3, currentEpoch: 2 });
    const next = new Leader(null, 0, 3);
    next.write(names('n', 70), 40);
    await receive(rig, 3, next.pipeline.frames(30), []);
    await rig.close();
  },
};

async function abandonOne(rig: Rig): Promise<void> {
  const receiver = await rig.stores.snapshots.receive();
  await receiver.writePage(0, Buffer.alloc(3000, 'of no use'));
  await receiver.abandon();
}

async function receive(
  rig: Rig,
  currentEpoch: number,
  history: readonly Buffer[],
  behind: readonly Buffer[],
): Promise<void> {
  const state = ReplicatedState.initial();
  const replay = replayer(state);
  for (const frame of history) replay(frame);
  const sent = new MemorySnapshots();
  const pass = new SnapshotPass(state, sent, 0);
  while (await pass.writeSlice(8));
  await pass.finish();

  const reader = sent.openReader();
  const receiver = await rig.stores.snapshots.receive();
  for (let pages = reader.next(9000); pages.length > 0; pages = reader.next(9000)) {
    await Promise.all(pages.map(({ page, bytes }) => receiver.writePage(page, bytes)));
  }
  await receiver.finish(reader.meta, reader.sessions, reader.acls);
  const { zxid } = reader.meta;
  const { promises } = rig.history;
  rig.marks.note({
    ...{ is: 'restart', zxid, promises },
    ...{ history: history.map(textOf), frames: behind.map(textOf) },
  });
  await new Promise<void>((done) => rig.history.restartAfter(zxid, behind, done));
  rig.marks.note({ is: 'restarted' });
  await rig.reopen();
  await rig.promise({ ...promises, currentEpoch });
}
