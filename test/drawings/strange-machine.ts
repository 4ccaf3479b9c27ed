/**
 * A machine that nobody would write: names full of markup, and every kind of state and transition
 * that ours do without.
 */

import { createMachine } from 'xstate';

export const markup = '<script>alert("x")</script>';

export const strangeMachine = createMachine({
  id: 'strange',
  initial: '"&<b>',
  invoke: { src: 'helper<1>', onDone: { target: '.both' } },
  on: {
    '*': { actions: 'ignore<i>' },
    '-->': '.both',
  },
  states: {
    '"&<b>': {
      entry: [markup, "it's"],
      exit: 'leave]]>',
      after: { 1000: 'both' },
      on: {
        [markup]: {
          guard: 'is<a>&b',
          target: 'both',
          actions: ['do`it`', '```', '%%{init: {}}%%'],
        },
        'two; lines: here\nand } here': { target: 'end|*' },
        again: { target: '"&<b>', reenter: true },
        split: [
          { guard: 'a', target: ['both.left.one', 'both.right.two'] },
          { target: 'both', actions: 'a'.repeat(200) },
        ],
      },
    },
    both: {
      type: 'parallel',
      states: {
        left: { initial: 'one', states: { one: {}, 'a-b': {}, a_b: {} } },
        right: {
          initial: 'two',
          states: {
            one: {},
            two: { on: { up: 'one', out: '#strange.both' } },
            old: { type: 'history' },
          },
        },
      },
    },
    'end|*': { type: 'final' },
  },
});
