/**
 * One session as the replica sees it that holds its connection: it keeps the requests of the
 * session in order. A read is answered at once while no write of the session is unfinished; behind
 * one it waits (FIFO client order). When the session ends, what still comes is refused.
 *
 * Tier B: runs as a transition table, one small integer per session.
 */

import { setup } from 'xstate';
import type { EdgeInvariants } from './moment.ts';

export type SessionEvent =
  /** Its createSession txn was applied. */
  | { type: 'session.created' }
  | { type: 'request.read' }
  | { type: 'request.write' }
  | { type: 'request.close' }
  /** A write of this session was applied; others are unfinished, or none is. */
  | { type: 'write.applied' }
  | { type: 'writes.drained' }
  /** Nothing was heard of the client for its timeout. */
  | { type: 'timeout.elapsed' }
  /** Who decided that has lost the right to before it was agreed upon. */
  | { type: 'expiry.withdrawn' }
  /** Its closeSession txn was applied. */
  | { type: 'session.closed' };

export const sessionEvents = [
  'session.created',
  'request.read',
  'request.write',
  'request.close',
  'write.applied',
  'writes.drained',
  'timeout.elapsed',
  'expiry.withdrawn',
  'session.closed',
] as const satisfies readonly SessionEvent['type'][];

export const sessionMachine = setup({
  types: { events: {} as SessionEvent },
  actions: {
    answerRead: () => {},
    holdRead: () => {},
    submitWrite: () => {},
    submitClose: () => {},
    /** Reads that waited for the write that was just applied. */
    answerHeldReads: () => {},
    /** The session is closing: SessionExpired, in order. */
    refuseRequest: () => {},
    grantConnection: () => {},
    /** End the connection that the session still has. */
    releaseConnection: () => {},
  },
}).createMachine({
  id: 'session',
  initial: 'creating',
  states: {
    creating: {
      on: {
        'session.created': { target: 'idle', actions: 'grantConnection' },
        'session.closed': { target: 'closed', actions: 'releaseConnection' },
      },
    },
    idle: {
      on: {
        'request.read': { actions: 'answerRead' },
        'request.write': { target: 'ordering', actions: 'submitWrite' },
        'request.close': { target: 'closing', actions: 'submitClose' },
        'timeout.elapsed': { target: 'closing', actions: 'submitClose' },
        'session.closed': { target: 'closed', actions: 'releaseConnection' },
      },
    },
    ordering: {
      on: {
        'request.read': { actions: 'holdRead' },
        'request.write': { actions: 'submitWrite' },
        'request.close': { target: 'closing', actions: 'submitClose' },
        'write.applied': { actions: 'answerHeldReads' },
        'writes.drained': { target: 'idle', actions: 'answerHeldReads' },
        'timeout.elapsed': { target: 'closing', actions: 'submitClose' },
        'session.closed': { target: 'closed', actions: 'releaseConnection' },
      },
    },
    closing: {
      on: {
        'request.read': { actions: 'refuseRequest' },
        'request.write': { actions: 'refuseRequest' },
        'request.close': { actions: 'refuseRequest' },
        'write.applied': { actions: 'answerHeldReads' },
        'writes.drained': { actions: 'answerHeldReads' },
        'expiry.withdrawn': 'ordering',
        'session.closed': { target: 'closed', actions: 'releaseConnection' },
      },
    },
    closed: { type: 'final' },
  },
});

export const sessionInvariants: EdgeInvariants = {
  'a closed session stays closed, and asks for nothing': ({ from, to, effects }) =>
    from !== 'closed' || (to === 'closed' && effects.length === 0),

  'a session ends by its own txn': ({ from, event, to, effects }) => {
    const closes = from !== 'closed' && to === 'closed';
    return (
      closes === effects.includes('releaseConnection') && (!closes || event === 'session.closed')
    );
  },

  'a read is answered at once only while no write is unfinished': ({ from, effects }) =>
    !effects.includes('answerRead') || from === 'idle',

  'a read behind a write waits': ({ from, event, effects }) =>
    (from === 'ordering' && event === 'request.read') === effects.includes('holdRead'),

  'reads that waited are answered as writes are applied': ({ event, effects }) =>
    !effects.includes('answerHeldReads') || event === 'write.applied' || event === 'writes.drained',

  'nothing is submitted once the session is closing': ({ from, effects }) =>
    from === 'idle' ||
    from === 'ordering' ||
    (!effects.includes('submitWrite') && !effects.includes('submitClose')),

  'a write makes the reads behind it wait': ({ effects, to }) =>
    !effects.includes('submitWrite') || to === 'ordering',

  'its connection is granted once': ({ from, effects }) =>
    !effects.includes('grantConnection') || from === 'creating',

  'each request of a session that is there has one answer': ({ from, event, effects }) =>
    !event.startsWith('request.') ||
    from === 'creating' ||
    from === 'closed' ||
    effects.length === 1,
};
