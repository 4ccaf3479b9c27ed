/**
 * A replica as it would be if replicas had each other's sids: symmetry makes the two one state.
 * Properties come in the order in which a step makes them: equal values are known by their text.
 */

import { type Catalogue, renameKeys } from './catalogue.ts';
import { renameFrame } from './frames.ts';
import type { LeaderRecord } from './leader.ts';
import type { LearnerRecord } from './learner.ts';
import { type Renaming, renamed } from './names.ts';
import type { ReplicaRecord } from './replica.ts';

export function renameReplica(
  record: ReplicaRecord,
  sid: Renaming,
  catalogue: Catalogue,
): ReplicaRecord {
  const { leader, learner, incarnation } = record;
  return {
    ...record,
    ...{ sid: sid(record.sid), incarnation: renamed(incarnation, sid) },
    leader: leader && renameLeader(leader, sid, catalogue),
    learner: learner && renameLearner(learner, sid, catalogue),
  };
}

function renameLeader(
  leader: LeaderRecord,
  sid: Renaming,
  { leader: machine, channel, handler }: Catalogue,
): LeaderRecord {
  return {
    ...leader,
    machine: machine.rename(leader.machine, sid),
    links: leader.links.map((link) => renamed(link, sid)).sort((a, b) => a - b),
    handlers: leader.handlers
      .map((one) => ({
        ...one,
        ...{ sid: sid(one.sid), link: renamed(one.link, sid) },
        channel: channel.rename(one.channel, sid),
        machine: handler.rename(one.machine, sid),
      }))
      .sort((a, b) => a.sid - b.sid),
    positions: renameKeys(leader.positions, sid) as LeaderRecord['positions'],
  };
}

function renameLearner(
  learner: LearnerRecord,
  sid: Renaming,
  { learner: machine, channel }: Catalogue,
): LearnerRecord {
  const { broadcast, down } = learner;
  return {
    ...learner,
    ...{ leader: sid(learner.leader), link: renamed(learner.link, sid) },
    machine: machine.rename(learner.machine, sid),
    down: down < 0 ? down : channel.rename(down, sid),
    incarnation: renamed(learner.incarnation, sid),
    broadcast: broadcast && {
      ...{ incarnation: renamed(broadcast.incarnation, sid), epoch: broadcast.epoch },
      early: broadcast.early.map((frame) => renameFrame(frame, sid)),
      channel: broadcast.channel < 0 ? -1 : channel.rename(broadcast.channel, sid),
    },
  };
}
