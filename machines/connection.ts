/**
 * One client socket: the handshake, then requests until one side ends it (spec 1.3). The host
 * decides what bytes mean and says so by event; the machine decides what that leads to.
 *
 * Tier B: runs as a transition table, one small integer per connection.
 */

import { setup } from 'xstate';
import type { EdgeInvariants } from './moment.ts';

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

const isRead = (state: string): boolean =>
  state === 'awaitingConnect' || state === 'serving.flowing';
const isServing = (state: string): boolean => state.startsWith('serving.');
const ends = ['endSocket', 'destroySocket'];

export const connectionInvariants: EdgeInvariants = {
  'a closed connection stays closed, and asks for nothing': ({ from, to, effects }) =>
    from !== 'closed' || (to === 'closed' && effects.length === 0),

  'a socket is ended once, as its connection closes, unless its client has': (edge) => {
    const closes = edge.from !== 'closed' && edge.to === 'closed' && edge.event !== 'socket.closed';
    return edge.effects.filter((effect) => ends.includes(effect)).length === (closes ? 1 : 0);
  },

  'a socket is ended by the last effect': ({ effects }) =>
    effects.every((effect, at) => !ends.includes(effect) || at === effects.length - 1),

  'bytes are taken exactly while a connect or a request may come': ({ from, to, effects }) =>
    to === 'closed' ||
    (effects.includes('pauseInput') === (isRead(from) && !isRead(to)) &&
      effects.includes('resumeInput') === (!isRead(from) && isRead(to))),

  'a session is asked for once': ({ from, to, effects }) =>
    (effects.includes('openSession') || effects.includes('resumeSession')) ===
    (from !== 'opening' && to === 'opening'),

  'nobody is served without a session': ({ from, to, effects }) =>
    (!isServing(from) && isServing(to)) === effects.includes('acceptSession'),

  'a session outlives its connection, unless it ended first': ({ from, event, to, effects }) =>
    effects.includes('detachSession') ===
    (isServing(from) && to === 'closed' && !event.startsWith('session.')),

  'a socket that is destroyed counts as refused': ({ effects }) =>
    !effects.includes('destroySocket') || effects.includes('countRefusal'),
};
