/**
 * Starts from one directory after the other, each a number below the last argument, and goes on a
 * little: what a restarted replica does before and after it serves again.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Marks } from './marks.ts';
import { create, createPair, openSession } from './requests.ts';
import { Rig } from './rig.ts';

const [segmentBytes, top] = process.argv.slice(2);
const marks = new Marks(top!);
const count = readdirSync(top!).filter((name) => name !== 'marks').length;
for (let index = 0; index < count; index++) {
  marks.note({ is: 'life', index });
  const rig = await Rig.open(join(top!, String(index)), marks, Number(segmentBytes));
  const { acceptedEpoch, currentEpoch } = rig.history.promises;
  openSession(rig, '01000000000000aa');
  await rig.append();
  await rig.promise({ acceptedEpoch: acceptedEpoch + 1, currentEpoch });
  create(rig, '/next-life', 300);
  createPair(rig, '/next-life', 300);
  await rig.append();
  await rig.noteCommitted();
  await rig.close();
}
marks.close();
