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
