/** Lives that are about the log of one replica: its first start, batches, segments, promises. */

import {
  begin,
  closeSession,
  create,
  createEphemeral,
  createPair,
  openSession,
  remove,
  removePair,
  sessionB,
  setData,
} from './requests.ts';
import { Rig } from './rig.ts';
import { type Scenario, segmentBytes } from './scenario.ts';

export const firstStart: Scenario = {
  group: 'first start',
  ...{ segmentBytes, subsetsMax: 256, tearsMax: 64, locksMayTear: true },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    await rig.promise({ acceptedEpoch: 1, currentEpoch: 0 });
    begin(rig);
    await rig.append();
    await rig.restart();
    create(rig, '/again', 100);
    await rig.append();
    await rig.snapshot();
    await rig.restart();
    await rig.close();
  },
};

/** Batches that are given to the log while others are being flushed. */
export const groupCommit: Scenario = {
  group: 'log append batch (group commit)',
  ...{ segmentBytes: 4 * 1024 * 1024, subsetsMax: 256, tearsMax: 96 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, 4 * 1024 * 1024);
    begin(rig);
    await rig.append();
    const sizes = [10, 3000, 9000, 200, 20_000, 50, 5000, 60];
    for (let round = 0; round < 9; round++) {
      const appended: Promise<void>[] = [];
      for (let batch = 0; batch <= round % 4; batch++) {
        const name = `/r${round}-b${batch}`;
        create(rig, name, sizes[(round + batch) % sizes.length]!);
        createPair(rig, `${name}-pair`, 100);
        setData(rig, name, 'changed', 50);
        appended.push(rig.append());
      }
      await Promise.all(appended);
      if (round % 3 === 2) await rig.noteCommitted();
    }
    await rig.restart();
    create(rig, '/later', 100);
    await rig.append();
    await rig.close();
  },
};

/** Segments fill up and the next ones are made while batches and promises are written. */
export const segmentRoll: Scenario = {
  group: 'file growth and new segments',
  ...{ segmentBytes, subsetsMax: 64, tearsMax: 48 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    begin(rig);
    await rig.append();
    for (let round = 0; round < 12; round++) {
      const appended: Promise<void>[] = [];
      for (let batch = 0; batch < 3; batch++) {
        create(rig, `/r${round}-b${batch}`, 5500);
        createPair(rig, `/r${round}-b${batch}-pair`, 10);
        appended.push(rig.append());
      }
      if (round % 3 === 0) await rig.promise({ acceptedEpoch: 1 + round, currentEpoch: 1 });
      await Promise.all(appended);
      if (round % 4 === 3) await rig.noteCommitted();
    }
    await rig.close();
  },
};

/** Promises in all orders, alone and among batches. */
export const acceptedEpochs: Scenario = {
  group: 'acceptedEpoch write',
  ...{ segmentBytes, subsetsMax: 128, tearsMax: 96 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    await rig.promise({ acceptedEpoch: 1, currentEpoch: 0 });
    await rig.promise({ acceptedEpoch: 2, currentEpoch: 0 });
    await rig.beginEpoch(2);
    begin(rig);
    await rig.append();
    for (let epoch = 3; epoch < 9; epoch++) {
      create(rig, `/e${epoch}`, 40);
      const appended = rig.append();
      await rig.promise({ acceptedEpoch: epoch, currentEpoch: 2 });
      await appended;
    }
    await rig.restart();
    await rig.promise({ acceptedEpoch: 10, currentEpoch: 2 });
    await rig.close();
  },
};

/** A leader's way: accepted, then current, then the first txns of the epoch, again and again. */
export const currentEpochs: Scenario = {
  group: 'currentEpoch write vs history',
  ...{ segmentBytes, subsetsMax: 128, tearsMax: 96 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    for (let epoch = 1; epoch <= 6; epoch++) {
      const { currentEpoch } = rig.history.promises;
      await rig.promise({ acceptedEpoch: epoch, currentEpoch });
      await rig.beginEpoch(epoch);
      if (epoch === 1) begin(rig);
      create(rig, `/e${epoch}`, 2000);
      await rig.append();
      createPair(rig, `/e${epoch}-pair`, 40);
      await rig.append();
      await rig.noteCommitted();
      if (epoch % 3 === 0) await rig.restart();
    }
    await rig.close();
  },
};

/** Sessions end, and their ephemerals with them, in batches of their own and among others. */
export const closedSessions: Scenario = {
  group: 'close session + ephemeral delete',
  ...{ segmentBytes, subsetsMax: 64, tearsMax: 48 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    begin(rig);
    await rig.append();
    for (let round = 0; round < 6; round++) {
      if (round > 0) openSession(rig, sessionB);
      for (let at = 0; at < 12; at++) createEphemeral(rig, `/mine-${round}-${at}`, sessionB);
      createPair(rig, `/pair${round}`, 300);
      const made = rig.append();
      closeSession(rig, sessionB);
      create(rig, `/kept${round}`, 4000);
      const closed = rig.append();
      if (round > 1) {
        removePair(rig, `/pair${round - 2}`);
        remove(rig, `/kept${round - 2}`);
      }
      setData(rig, `/kept${round}`, 'new', 10);
      await Promise.all([made, closed, rig.append()]);
      if (round === 3) await rig.snapshot();
    }
    await rig.close();
  },
};
