/**
 * One watch: what one connection has asked to be told about one path, in one of the two tables
 * (data or children). A standard watch fires once; a persistent one stays; a recursive one stays
 * and also hears of descendants, but never of lists of children. The three kinds live side by side,
 * and an event is delivered once, however many of them it fires (spec 3.5).
 *
 * Tier B: runs as a transition table, one small integer per watch. State `0` of the table, all
 * regions off, is a watch that can be dropped.
 */

import { setup } from 'xstate';
import type { EdgeInvariants } from './moment.ts';

export type WatchEvent =
  | { type: 'arm.standard' }
  | { type: 'arm.persistent' }
  | { type: 'arm.recursive' }
  /** The watched znode itself was created, deleted or got new data. */
  | { type: 'fire.znode' }
  /** The list of children of the watched znode changed. */
  | { type: 'fire.children' }
  /** A znode below the watched one was created, deleted or got new data. */
  | { type: 'fire.descendant' }
  | { type: 'remove.standard' }
  | { type: 'remove.persistent' }
  | { type: 'remove.recursive' }
  | { type: 'remove.all' };

export const watchEvents = [
  'arm.standard',
  'arm.persistent',
  'arm.recursive',
  'fire.znode',
  'fire.children',
  'fire.descendant',
  'remove.standard',
  'remove.persistent',
  'remove.recursive',
  'remove.all',
] as const satisfies readonly WatchEvent['type'][];

export const watchMachine = setup({
  types: { events: {} as WatchEvent },
  actions: {
    /** Queue the event on the connection, ahead of any later reply. */
    deliverEvent: () => {},
    /** Tell the remover that there was something to remove. */
    reportRemoval: () => {},
  },
}).createMachine({
  id: 'watch',
  type: 'parallel',
  states: {
    standard: {
      initial: 'off',
      states: {
        off: { on: { 'arm.standard': 'armed' } },
        armed: {
          on: {
            'fire.znode': { target: 'off', actions: 'deliverEvent' },
            'fire.children': { target: 'off', actions: 'deliverEvent' },
            'remove.standard': { target: 'off', actions: 'reportRemoval' },
            'remove.all': { target: 'off', actions: 'reportRemoval' },
          },
        },
      },
    },
    persistent: {
      initial: 'off',
      states: {
        off: { on: { 'arm.persistent': 'armed' } },
        armed: {
          on: {
            'fire.znode': { actions: 'deliverEvent' },
            'fire.children': { actions: 'deliverEvent' },
            'remove.persistent': { target: 'off', actions: 'reportRemoval' },
            'remove.all': { target: 'off', actions: 'reportRemoval' },
          },
        },
      },
    },
    recursive: {
      initial: 'off',
      states: {
        off: { on: { 'arm.recursive': 'armed' } },
        armed: {
          on: {
            'fire.znode': { actions: 'deliverEvent' },
            'fire.descendant': { actions: 'deliverEvent' },
            'remove.recursive': { target: 'off', actions: 'reportRemoval' },
            'remove.all': { target: 'off', actions: 'reportRemoval' },
          },
        },
      },
    },
  },
});

const stays = (from: string, to: string, kind: string): boolean =>
  from.includes(`${kind}.armed`) === to.includes(`${kind}.armed`);

export const watchInvariants: EdgeInvariants = {
  'a watch that is off neither fires nor is removed': ({ from, effects }) =>
    from.includes('.armed') || effects.length === 0,

  'a standard watch fires once': ({ from, event, to, effects }) =>
    !from.includes('standard.armed') ||
    (event !== 'fire.znode' && event !== 'fire.children') ||
    (effects.includes('deliverEvent') && !to.includes('standard.armed')),

  'other watches stay when they fire': ({ from, event, to }) =>
    !event.startsWith('fire.') || (stays(from, to, 'persistent') && stays(from, to, 'recursive')),

  'a recursive watch does not hear of lists of children': ({ from, event, effects }) =>
    event !== 'fire.children' ||
    effects.includes('deliverEvent') === /(standard|persistent)\.armed/.test(from),

  'only a recursive watch hears of descendants': ({ from, event, effects }) =>
    event !== 'fire.descendant' ||
    effects.includes('deliverEvent') === from.includes('recursive.armed'),

  'an event is delivered once, and only when something happens': ({ event, effects }) =>
    effects.filter((effect) => effect === 'deliverEvent').length <=
    (event.startsWith('fire.') ? 1 : 0),

  'who removes hears whether there was anything': ({ from, event, to, effects }) =>
    effects.includes('reportRemoval') === (event.startsWith('remove.') && from !== to),

  'arming one kind leaves the others as they are': ({ from, event, to }) =>
    !event.startsWith('arm.') ||
    (to.includes(`${event.slice('arm.'.length)}.armed`) &&
      ['standard', 'persistent', 'recursive'].every(
        (kind) => event.endsWith(kind) || stays(from, to, kind),
      )),
};
