/**
 * The catalogue of machines by name, for drawings, explorers and the console. The replica itself
 * imports the machine it hosts.
 */

import { channelMachine } from './channel.ts';
import { connectionMachine } from './connection.ts';
import { electionMachine } from './election.ts';
import { leaderMachine } from './leader.ts';
import { learnerMachine } from './learner.ts';
import { learnerHandlerMachine } from './learner-handler.ts';
import { peerMachine } from './peer.ts';
import { sessionMachine } from './session.ts';
import { sessionTrackerMachine } from './session-tracker.ts';
import { snapshotterMachine } from './snapshotter.ts';
import { watchMachine } from './watch.ts';

export const machines = {
  channel: channelMachine,
  connection: connectionMachine,
  election: electionMachine,
  leader: leaderMachine,
  learner: learnerMachine,
  learnerHandler: learnerHandlerMachine,
  peer: peerMachine,
  session: sessionMachine,
  sessionTracker: sessionTrackerMachine,
  snapshotter: snapshotterMachine,
  watch: watchMachine,
} as const;
