/** A leader's life in which members leave and join, among other writes, over restarts. */

import { parseMembership } from '../../protocol/membership.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { bodyOf, type PipelineOptions } from '../support/pipeline.ts';
import { begin, create, createPair, sessionA } from './requests.ts';
import { Rig } from './rig.ts';
import { type Scenario, segmentBytes } from './scenario.ts';

const member = (sid: number): string =>
  `server.${sid}=127.0.0.1:${2800 + sid}:${3800 + sid}:participant;127.0.0.1:${2100 + sid}`;
const far = (sid: number): string =>
  `server.${sid}=10.0.0.${sid}:2888:3888:observer;10.0.0.${sid}:2181`;

const options: PipelineOptions = {
  rules: { reconfigEnabled: true },
  reconfig: {
    current: parseMembership([1, 2, 3].map(member).concat('version=0').join('\n')),
    isPending: false,
    isQuorumSynced: () => true,
    proposed: () => {},
  },
};
const boss = { caller: { ids: [{ scheme: 'super', id: '' }], isSuper: true }, session: sessionA };

function reconfig(rig: Rig, joining: string | null, leaving: string | null): void {
  const change = { joiningServers: joining, leavingServers: leaving };
  const body = bodyOf(Opcode.reconfig, { ...change, newMembers: null, curConfigId: -1 });
  const { error } = rig.pipeline.prepare(Opcode.reconfig, body, boss);
  if (error !== 0) throw new Error(`the reconfig is refused with ${error}`);
}

export const reconfigs: Scenario = {
  group: 'reconfig',
  ...{ segmentBytes, subsetsMax: 96, tearsMax: 64 },
  async run(top, marks) {
    const rig = await Rig.open(top, marks, segmentBytes, options);
    await rig.promise({ acceptedEpoch: 1, currentEpoch: 0 });
    await rig.beginEpoch(1);
    begin(rig);
    await rig.append();
    for (let round = 0; round < 5; round++) {
      create(rig, `/before${round}`, 200);
      const before = rig.append();
      reconfig(rig, round % 2 === 0 ? far(9) : far(8), round % 2 === 0 ? null : '3');
      const changed = rig.append();
      createPair(rig, `/beside${round}`, 700);
      await Promise.all([before, changed, rig.append()]);
      await rig.noteCommitted();
      if (round === 2) await rig.snapshot();
      if (round === 3) await rig.restart();
    }
    await rig.close();
  },
};
