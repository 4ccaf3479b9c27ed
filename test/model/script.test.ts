/** Scenario scripts: what they replay to, what they refuse, and the way back from a trace. */

import { describe, expect, test } from 'vitest';
import { decode, encode, parse, show } from './actions.ts';
import { parseBounds, showBounds, smallest } from './bounds.ts';
import { describeState } from './describe.ts';
import { explore } from './explorer.ts';
import { extend } from './liveness.ts';
import { replay, script } from './script.ts';
import { permutations } from './symmetry.ts';

const established = `model txns 1
elect 1
follow 2 1
deliver 2 to 1   # greet
flush 1
deliver 1 to 2
flush 2
deliver 2 to 1
deliver 1 to 2
flush 2
flush 1
deliver 2 to 1
deliver 1 to 2
`;

describe('a script', () => {
  test('is replayed line by line', () => {
    const { fault, model, state } = replay(established);

    expect(fault).toBe(null);
    expect(describeState(model, state)).toBe(
      '1 leads 1 ruling.broadcasting, 2 follows 1 in 1 following, 3 looks',
    );
    expect(extend(model, state)).toBe(null);
  });

  test('commits a txn that two of three hold', () => {
    const lines = ['propose 1', 'flush 1', 'deliver 1 to 2', 'flush 2', 'deliver 2 to 1'];
    const { model, state } = replay(established + lines.join('\n'));

    expect(model.ledger(state).delivered).toHaveLength(1);
  });

  test('cannot go where the model does not', () => {
    expect(() => replay(`${established}flush 3`)).toThrow("'flush 3' cannot happen here");
    expect(() => replay('model\nfly 1')).toThrow('no action');
    expect(() => replay('model wings 2')).toThrow("'wings' is no bound");
  });

  test('tells what was found so that it can be replayed', () => {
    const bounds = { ...smallest, crashes: 1 };
    const { violation } = explore(bounds, {
      visit: (model, state) => {
        const isFound = model.ledger(state).delivered.length > 0;
        return isFound ? { fault: 'Z0 something is delivered', codes: [] } : null;
      },
    });
    const text = script(bounds, violation!);
    const { model, state } = replay(text);

    expect(text).toContain('# Z0 something is delivered');
    expect(model.ledger(state).delivered).toHaveLength(1);
  });
});

test('an action is a number, and a line', () => {
  const lines = [
    'follow 2 1',
    'deliver 3 to 1',
    'crash 2 keeps 1',
    'cut 1 | 2 3',
    'heal',
    'flush 3',
  ];
  for (const line of lines) {
    const { kind, a, b, c } = parse(line);

    expect(show(decode(encode(kind, a, b, c)), [1, 2, 3])).toBe(line);
  }
});

test('bounds are told as far as they differ from the smallest', () => {
  const text = 'model epochs 2 crashes 1 notes true';

  expect(showBounds(parseBounds(text))).toBe(text);
});

test('three replicas have six ways to be named', () => {
  expect(permutations([1, 2, 3])).toHaveLength(6);
});
