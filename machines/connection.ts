/**
 * One client socket: the handshake, then requests until one side ends it (spec 1.3). The host
 * decides what bytes mean and says so by event; the machine decides what that leads to.
 *
 * Tier B: runs as a transition table, one small integer per connection.
 */

import { setup } from 'xstate';

export type ConnectionEvent =
  /** The first bytes were a four-letter word. */
  | { type: 'word.received' }
  /** The first frame asks for a new session, or for one that exists. */
  | { type: 'connect.fresh' }
  | { type: 'connect.resume' }
  /** Whether anybody may come in is not clear yet: the replica looks for its leader. */
  | { type: 'connect.early' }
  /** The first frame must not be answered: too short, ahead of us, or we are not serving. */
  | { type: 'connect.refused' }
  | { type: 'session.granted' }
  /** No such session, or a wrong password. */
  | { type: 'session.denied' }
  | { type: 'session.closed' }
  | { type: 'session.expired' }
  /** The session goes on over another connection. */
  | { type: 'session.moved' }
  /** A frame that ends the connection without an answer. */
  | { type: 'protocol.violated' }
  /** A request was answered with an error that ends the connection. */
  | { type: 'request.fatal' }
  /** Output or requests pile up: stop reading; and: go on. */
  | { type: 'pressure.high' }
  | { type: 'pressure.low' }
  /** The client takes nothing of what it is sent. */
  | { type: 'output.overflowed' }
  | { type: 'handshake.timedOut' }
  | { type: 'socket.closed' }
  | { type: 'server.stopping' };

export const connectionEvents = [
  'word.received',
  'connect.fresh',
  'connect.resume',
  'connect.early',
  'connect.refused',
  'session.granted',
  'session.denied',
  'session.closed',
  'session.expired',
  'session.moved',
  'protocol.violated',
  'request.fatal',
  'pressure.high',
  'pressure.low',
  'output.overflowed',
  'handshake.timedOut',
  'socket.closed',
  'server.stopping',
] as const satisfies readonly ConnectionEvent['type'][];

export const connectionMachine = setup({
  types: { events: {} as ConnectionEvent },
  actions: {
    answerWord: () => {},
    openSession: () => {},
    resumeSession: () => {},
    acceptSession: () => {},
    denySession: () => {},
    /** Stop taking bytes from the socket, and take them again. */
    pauseInput: () => {},
    resumeInput: () => {},
    /** Write what is queued, then end. */
    endSocket: () => {},
    /** End now; what is queued is lost. */
    destroySocket: () => {},
    /** The session has lost its connection; it lives on. */
    detachSession: () => {},
    countRefusal: () => {},
  },
}).createMachine({
  id: 'connection',
  initial: 'awaitingConnect',
  on: {
    'protocol.violated': { target: '.closed', actions: ['countRefusal', 'destroySocket'] },
    'output.overflowed': { target: '.closed', actions: ['countRefusal', 'destroySocket'] },
    'server.stopping': { target: '.closed', actions: 'endSocket' },
    'socket.closed': '.closed',
  },
  states: {
    awaitingConnect: {
      on: {
        'word.received': { target: 'closed', actions: ['answerWord', 'endSocket'] },
        'connect.fresh': { target: 'opening', actions: ['pauseInput', 'openSession'] },
        'connect.resume': { target: 'opening', actions: ['pauseInput', 'resumeSession'] },
        'connect.early': { target: 'waiting', actions: 'pauseInput' },
        'connect.refused': { target: 'closed', actions: ['countRefusal', 'destroySocket'] },
        'handshake.timedOut': { target: 'closed', actions: ['countRefusal', 'destroySocket'] },
      },
    },
    waiting: {
      on: {
        'connect.fresh': { target: 'opening', actions: 'openSession' },
        'connect.resume': { target: 'opening', actions: 'resumeSession' },
        'connect.refused': { target: 'closed', actions: ['countRefusal', 'destroySocket'] },
        'handshake.timedOut': { target: 'closed', actions: ['countRefusal', 'destroySocket'] },
      },
    },
    opening: {
      on: {
        'session.granted': { target: 'serving', actions: ['acceptSession', 'resumeInput'] },
        'session.denied': { target: 'closed', actions: ['denySession', 'endSocket'] },
      },
    },
    serving: {
      initial: 'flowing',
      on: {
        'session.closed': { target: 'closed', actions: 'endSocket' },
        'session.expired': { target: 'closed', actions: 'endSocket' },
        'session.moved': { target: 'closed', actions: 'endSocket' },
        'request.fatal': {
          target: 'closed',
          actions: ['countRefusal', 'detachSession', 'endSocket'],
        },
        'protocol.violated': {
          target: 'closed',
          actions: ['countRefusal', 'detachSession', 'destroySocket'],
        },
        'output.overflowed': {
          target: 'closed',
          actions: ['countRefusal', 'detachSession', 'destroySocket'],
        },
        'server.stopping': { target: 'closed', actions: ['detachSession', 'endSocket'] },
        'socket.closed': { target: 'closed', actions: 'detachSession' },
      },
      states: {
        flowing: { on: { 'pressure.high': { target: 'stalled', actions: 'pauseInput' } } },
        stalled: { on: { 'pressure.low': { target: 'flowing', actions: 'resumeInput' } } },
      },
    },
    closed: { type: 'final' },
  },
});
