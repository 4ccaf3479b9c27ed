/** Lives that are about snapshots: passes of one's own beside writes, and what is purged then. */

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

const pageZnodes = 64;

/** Enough znodes for a few pages. */
async function fill(rig: Rig, pages: number): Promise<void> {
  begin(rig);
  for (let at = 0; at < pages * pageZnodes; at++) create(rig, `/z${at}`, 20);
  await rig.append();
}

/** What goes on while a pass is written: all kinds of changes, of pages behind and before it. */
function changes(rig: Rig, pass: number): () => Promise<void> {
  let step = 0;
  return async () => {
    const at = pass * 20 + step;
    setData(rig, `/z${at}`, 'changed', 60);
    if (step === 0) {
      openSession(rig, `0300000000000${100 + pass}`);
      createEphemeral(rig, `/mine${pass}`, `0300000000000${100 + pass}`);
      createPair(rig, `/pair${pass}`, 200);
    }
    if (step === 1) {
      remove(rig, `/z${pageZnodes + at}`);
      closeSession(rig, `0300000000000${100 + pass}`);
      if (pass > 0) removePair(rig, `/pair${pass - 1}`);
    }
    step++;
    await rig.append();
  };
}

export const ownSnapshots: Scenario = {
  group: 'own snapshot / compaction',
  ...{ segmentBytes: 1024 * 1024, subsetsMax: 48, tearsMax: 32 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, 1024 * 1024);
    await fill(rig, 4);
    createEphemeral(rig, '/eph', sessionB);
    await rig.append();
    for (let pass = 0; pass < 4; pass++) {
      await rig.snapshot(changes(rig, pass));
      create(rig, `/between${pass}`, 300);
      await rig.append();
      if (pass === 1) await rig.restart();
      if (pass === 2) closeSession(rig, sessionB);
    }
    await rig.restart();
    await rig.close();
  },
};

/** Segments go once a snapshot holds what they hold, while others fill. */
export const purges: Scenario = {
  group: 'purge',
  ...{ segmentBytes, subsetsMax: 32, tearsMax: 16 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    let promised = 0;
    begin(rig);
    await rig.append();
    for (let round = 0; round < 6; round++) {
      for (let batch = 0; batch < 6; batch++) {
        const path = `/b${batch}`;
        if (round === 0) create(rig, path, 6000);
        else setData(rig, path, `round ${round} `, 6000);
        await rig.append();
        // Between the making of the next segment and the first batch in it, among other moments.
        if ((batch + round) % 3 === 0)
          await rig.promise({ acceptedEpoch: ++promised, currentEpoch: 0 });
      }
      if (round % 2 === 0) {
        // The snapshot is older than the newest segments.
        if (round > 0) await rig.purge();
        continue;
      }
      await rig.snapshot();
      setData(rig, '/b0', 'while purged', 500);
      await Promise.all([rig.purge(), rig.append()]);
    }
    await rig.restart();
    setData(rig, '/b1', 'later', 500);
    await rig.append();
    await rig.close();
  },
};

/** Small, with some of everything: segments, passes, promises, what is not committed. */
export const damagedStore: Scenario = {
  group: 'damage',
  ...{ segmentBytes, subsetsMax: 1, tearsMax: 1 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes);
    rig.commitsAlone = false;
    await rig.beginEpoch(2);
    begin(rig);
    for (let at = 0; at < 70; at++) create(rig, `/z${at}`, 20);
    await rig.append();
    rig.commitAll();
    for (let round = 0; round < 3; round++) {
      setData(rig, `/z${round}`, 'changed', round === 1 ? 9000 : 200);
      createEphemeral(rig, `/mine${round}`, sessionB);
      createPair(rig, `/pair${round}`, 300);
      await rig.append();
      rig.commitAll();
      await rig.snapshot();
      for (let batch = 0; batch < 3; batch++) {
        create(rig, `/r${round}-${batch}`, 5000);
        await rig.append();
        rig.commitAll();
      }
      if (round === 1) await rig.purge();
      await rig.noteCommitted();
    }
    await rig.promise({ acceptedEpoch: 5, currentEpoch: 2 });
    create(rig, '/not-committed', 2000);
    await rig.append();
    await rig.close();
  },
};
