/**
 * A replica that lost its disk: with its help no deposed leader rules on (what the model has found
 * once), and the leader that the others answer takes it in.
 */

import { describe, expect, test } from 'vitest';
import { encode, parse } from './actions.ts';
import { parseBounds } from './bounds.ts';
import { describeState } from './describe.ts';
import { extend } from './liveness.ts';
import { Model } from './model.ts';
import { aTxnUnknown } from './models.ts';
import { epochOfTxn } from './names.ts';
import { replay } from './script.ts';

const bounds = 'model epochs 3 txns 2 wipes 1 doubts 1 isFounded true';

/** Replica 2 has led epoch 3 with 1; it goes back, blank, to 3, which leads epoch 2 still. */
const takenOver = `wipe 2 / restart 2 / follow 2 3 / deliver 2 to 3 / deliver 3 to 2 / flush 2
  / deliver 2 to 3 / deliver 3 to 2 / deliver 3 to 2 / flush 2 / deliver 2 to 3 / deliver 3 to 2
  / propose 3 / flush 3 / deliver 3 to 2 / flush 2 / deliver 2 to 3`.split('/');

/**
 * Replica 3 has founded the ensemble, and a txn is delivered; it has not heard that 2 leads epoch 2
 * since, followed by 1, where another txn is delivered. Then 2 loses its disk and goes back to 3.
 */
const founderDeposed = `elect 3 / follow 2 3 / follow 1 3 / deliver 1 to 3 / flush 3
  / deliver 3 to 1 / flush 1 / deliver 1 to 3 / deliver 3 to 1 / flush 1 / flush 3
  / deliver 1 to 3 / deliver 3 to 1 / deliver 2 to 3 / deliver 3 to 2 / flush 2 / deliver 2 to 3
  / deliver 3 to 2 / flush 2 / deliver 2 to 3 / deliver 3 to 2 / propose 3 / deliver 3 to 1
  / flush 1 / deliver 3 to 2 / flush 2 / flush 3 / deliver 3 to 1 / deliver 3 to 2
  / deliver 1 to 3 / deliver 2 to 3 / timeout 2 / timeout 1 / elect 2 / follow 1 2
  / deliver 1 to 2 / flush 2 / deliver 2 to 1 / flush 1 / deliver 1 to 2 / deliver 2 to 1
  / flush 1 / flush 2 / deliver 1 to 2 / deliver 2 to 1 / propose 2 / deliver 2 to 1 / flush 1
  / flush 2 / deliver 2 to 1 / deliver 1 to 2 / wipe 2 / restart 2 / follow 2 3
  / deliver 2 to 3 / deliver 3 to 2 / flush 2 / deliver 2 to 3 / deliver 3 to 2
  / deliver 3 to 2 / flush 2`.split('/');

/** Carries out what can happen, until something is wrong. */
function attempt(model: Model, lines: readonly string[]) {
  const state = model.initial();
  const next = new Int32Array(model.size);
  const refused: string[] = [];
  for (const line of lines) {
    const { kind, a, b, c } = parse(line);
    const code = encode(kind, a, b, c);
    const isPossible = model.actions(state, []).includes(code);
    if (!isPossible) refused.push(line.trim());
    else if (model.apply(state, code, next)) state.set(next);
    if (model.fault !== null) break;
  }
  return { state, refused };
}

describe('a replica that lost its disk', () => {
  test('does not get the history of a leader that is deposed', () => {
    const model = new Model(parseBounds(bounds));
    const { state, refused } = attempt(model, [...aTxnUnknown, ...takenOver]);
    const { disk, toldAccepted } = model.replica(state, 2);

    expect(model.fault).toBe(null);
    expect(describeState(model, state)).toBe(
      '1 follows 2 in 3 following, 2 follows 3 in 2 joining.syncing, ' +
        '3 leads 2 ruling.synchronizing',
    );
    // It has promised, and waits for a history.
    expect(toldAccepted).toBe(2);
    expect(disk).toMatchObject({ acceptedEpoch: 2, currentEpoch: 0, log: [] });
    expect(model.queue(state, 3, 2)).toEqual([]);
    expect(model.ledger(state).established).not.toContain(2);
    expect(refused).toContain('propose 3');
  });

  test('has in the end what was delivered without that leader', () => {
    const model = new Model(parseBounds(bounds));
    const { state } = attempt(model, [...aTxnUnknown, ...takenOver]);
    const { delivered } = model.ledger(state);

    expect(delivered.map(epochOfTxn)).toEqual([1, 3]);
    expect(extend(model, state)).toBe(null);
  });

  test('does not get the history of the very first leader either, once it is deposed', () => {
    const model = new Model(parseBounds('model epochs 3 txns 3 wipes 1 doubts 2'));
    const { state, refused } = attempt(model, founderDeposed);
    const { delivered } = model.ledger(state);

    expect(model.fault).toBe(null);
    expect(refused).toEqual(['deliver 3 to 2', 'deliver 3 to 2', 'flush 2']);
    expect(delivered.map(epochOfTxn)).toEqual([1, 2]);
    expect(extend(model, state)).toBe(null);
  });

  test('gets in as soon as the others have answered', () => {
    const lines = `${bounds} / elect 1 / follow 2 1 / deliver 2 to 1 / flush 1 / deliver 1 to 2
      / flush 2 / deliver 2 to 1 / deliver 1 to 2 / flush 2 / flush 1 / deliver 2 to 1
      / deliver 1 to 2 / wipe 3 / restart 3 / follow 3 1 / deliver 3 to 1 / deliver 1 to 3
      / flush 3 / deliver 3 to 1`.split('/');
    const before = replay(lines.join('\n'));
    const after = replay([...lines, 'beat 2'].join('\n'));
    const kinds = after.model.queue(after.state, 1, 3).map(({ kind }) => kind);

    expect(before.model.queue(before.state, 1, 3)).toEqual([]);
    expect(kinds).toEqual(['history', 'leadership']);
  });

  test('does not vouch for itself', () => {
    const lines = `${bounds} / elect 1 / follow 2 1 / deliver 2 to 1 / flush 1 / deliver 1 to 2
      / flush 2 / deliver 2 to 1 / wipe 3 / restart 3 / follow 3 1 / deliver 3 to 1
      / deliver 1 to 3 / flush 3 / deliver 3 to 1 / beat 3`.split('/');
    const { model, state } = replay(lines.join('\n'));

    expect(model.queue(state, 1, 3)).toEqual([]);
  });
});
