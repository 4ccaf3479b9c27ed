/**
 * The host of machines: effects run in order after the whole transition, events sent by them wait,
 * and a machine that is done takes none.
 */

import { expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { effectNames, MachineHost, stateName } from '../../actors/host.ts';
import { tapOf } from '../support/steps.ts';

const machine = setup({
  types: {
    context: {} as { count: number },
    events: {} as { type: 'go' } | { type: 'back'; by: number } | { type: 'end' },
  },
  actions: {
    count: assign({ count: ({ context }) => context.count + 1 }),
    leave: () => {},
    move: (_, _params: { count: number }) => {},
    enter: () => {},
    tell: (_, _params: { by: number }) => {},
    shout: () => {},
  },
}).createMachine({
  id: 'walker',
  context: { count: 0 },
  initial: 'home',
  on: { end: { target: '.over', actions: 'shout' } },
  states: {
    home: {
      exit: 'leave',
      on: {
        go: {
          target: 'away',
          actions: ['count', { type: 'move', params: ({ context }) => ({ count: context.count }) }],
        },
      },
    },
    away: {
      entry: 'enter',
      on: {
        back: {
          target: 'home',
          actions: { type: 'tell', params: ({ event }) => ({ by: event.by }) },
        },
      },
    },
    over: { type: 'final' },
  },
});

function hosted(onEnter: (host: () => MachineHost<typeof machine>) => void = () => {}) {
  const seen: unknown[] = [];
  const note = (name: string) => (params: never) => {
    seen.push(params === undefined ? name : [name, params, host.state]);
  };
  const effects = {
    leave: note('leave'),
    move: note('move'),
    tell: note('tell'),
    shout: note('shout'),
    enter: () => {
      seen.push('enter');
      onEnter(() => host);
      seen.push('entered');
    },
  };
  const tap = tapOf(({ event, from, to }) => seen.push(`${event}: ${from} -> ${to}`));
  const host: MachineHost<typeof machine> = new MachineHost(machine, effects, { tap });
  return { host, seen };
}

test('effects run in order, with their params, when the new state is in place', () => {
  const { host, seen } = hosted();

  host.send({ type: 'go' });

  expect(seen).toEqual([
    ...['go: home -> away', 'leave', ['move', { count: 1 }, 'away'], 'enter', 'entered'],
  ]);
});

test('an event that an effect sends waits until all effects have run', () => {
  let isFirst = true;
  const { host, seen } = hosted((self) => {
    if (!isFirst) return;
    isFirst = false;
    self().send({ type: 'back', by: 1 });
    self().send({ type: 'go' });
  });
  let rounds = 0;
  const { host: busy } = hosted((self) => {
    if (rounds++ < 1000) {
      self().send({ type: 'back', by: rounds });
      self().send({ type: 'go' });
    }
  });

  host.send({ type: 'go' });
  busy.send({ type: 'go' });

  expect(seen.slice(3, 8)).toEqual([
    ...['enter', 'entered', 'back: away -> home', ['tell', { by: 1 }, 'home']],
    'go: home -> away',
  ]);
  expect([rounds, busy.state]).toEqual([1001, 'away']);
});

test('a machine that is done takes no event, nor asks for an effect', () => {
  const { host, seen } = hosted();
  host.send({ type: 'end' });
  const before = seen.length;

  host.send({ type: 'end' });
  host.send({ type: 'go' });

  expect(host.state).toBe('over');
  expect(seen).toHaveLength(before);
});

test('a failure in an effect leaves the host able to go on', () => {
  let fails = true;
  const { host } = hosted(() => {
    if (fails) throw new Error('effect failed');
  });

  expect(() => host.send({ type: 'go' })).toThrow('effect failed');
  fails = false;
  host.send({ type: 'back', by: 2 });

  expect(host.state).toBe('home');
});

test('what breaks an invariant is an assertion, and none of its effects is carried out', () => {
  const careless = setup({
    types: { context: {} as { seq: number }, events: {} as { type: 'next' } },
    actions: { skip: assign({ seq: ({ context }) => context.seq + 2 }), deliver: () => {} },
  }).createMachine({
    id: 'channel',
    context: { seq: 0 },
    initial: 'open',
    states: { open: { on: { next: { actions: ['skip', 'deliver'] } } } },
  });
  let delivered = 0;
  const host = new MachineHost(careless, { deliver: () => delivered++ });

  expect(() => host.send({ type: 'next' })).toThrow(
    'invariant broken: machine channel: frames are taken one at a time, none twice',
  );
  expect(delivered).toBe(0);
});

test('every effect that a machine names needs a handler, assign excepted', () => {
  expect([...effectNames(machine)].sort()).toEqual([
    ...['count', 'enter', 'leave', 'move', 'shout', 'tell'],
  ]);
  expect(() => new MachineHost(machine, {})).toThrow(/has a handler/);
});

test('so does one that is named only by a transition without an event', () => {
  const hasty = setup({ actions: { settle: () => {} } }).createMachine({
    id: 'hasty',
    initial: 'open',
    states: { open: { always: { target: 'done', actions: 'settle' } }, done: {} },
  });

  expect([...effectNames(hasty)]).toEqual(['settle']);
  expect(() => new MachineHost(hasty, {})).toThrow(/has a handler/);
});

test('state names join nested states by dots and parallel ones in braces', () => {
  expect(stateName('a')).toBe('a');
  expect(stateName({ a: { b: 'c' } })).toBe('a.b.c');
  expect(stateName({ a: 'b', c: { d: 'e' } })).toBe('{a.b, c.d.e}');
});
