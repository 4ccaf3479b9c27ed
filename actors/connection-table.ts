/**
 * The connection's machine as a table, and the numbers of its states that the host asks for.
 */

import { connectionEvents, connectionMachine } from '../machines/connection.ts';
import { TransitionTable } from './table.ts';
import type { Tap } from './tap.ts';
import { connectionName } from './tap-names.ts';

export type ConnectionEffect =
  | 'answerWord'
  | 'openSession'
  | 'resumeSession'
  | 'acceptSession'
  | 'denySession'
  | 'pauseInput'
  | 'resumeInput'
  | 'endSocket'
  | 'destroySocket'
  | 'detachSession'
  | 'countRefusal';
export type ConnectionEventType = (typeof connectionEvents)[number];

export const connectionTable = TransitionTable.compile<ConnectionEventType, ConnectionEffect>(
  connectionMachine,
  connectionEvents,
);
export const awaitingState = connectionTable.stateIndex('awaitingConnect');
export const waitingState = connectionTable.stateIndex('waiting');
export const openingState = connectionTable.stateIndex('opening');
export const flowingState = connectionTable.stateIndex('serving.flowing');
export const stalledState = connectionTable.stateIndex('serving.stalled');
export const closedState = connectionTable.stateIndex('closed');

/** Shows a step of a connection, when somebody wants to see connections. */
export function tellStep(tap: Tap, watcher: number, from: number, event: number, to: number): void {
  const step = { state: from, event, next: to };
  if (tap.connections) tap.sink?.tableStepped(connectionTable, () => connectionName(watcher), step);
}
