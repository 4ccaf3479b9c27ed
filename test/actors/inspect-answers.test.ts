/**
 * Who asks what: bad questions are refused with a sentence, too many at once as well, and however
 * many are being answered, one slice runs in a turn.
 */

import { describe, expect, test } from 'vitest';
import { isStateQuestion } from '../../actors/inspect/inspect-answers.ts';
import { Slices } from '../../actors/inspect/inspect-slices.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { InspectRig } from '../support/inspect-rig.ts';

const root = { what: 'znode', path: '/', viewer: 'world' } as const;

describe('questions', () => {
  test('that are bad are refused, and nothing is looked at', async () => {
    const rig = new InspectRig();

    const bad = rig.ask({ ...root, path: 'a' });
    await expect(bad).rejects.toThrow('"path" is no path of a znode: path must start with /');
    expect(rig.turns).toBe(0);
  });

  test('about the state of the replica are told from those about its actors', () => {
    expect(isStateQuestion(root)).toBe(true);
    expect(isStateQuestion({ what: 'recent' })).toBe(false);
  });

  test('are refused above so many at once, and taken again afterwards', async () => {
    const rig = new InspectRig();

    const many = Array.from({ length: 33 }, () => root);
    await expect(rig.askAll(many)).rejects.toThrow('32 questions are being answered already');
    expect(await rig.askAll(many.slice(1))).toHaveLength(32);
    expect(rig.turns).toBe(32);
  });
});

describe('slices', () => {
  test('take turns, one in each turn of the event loop', async () => {
    const clock = new FakeClock();
    const slices = new Slices(clock);
    const done: string[] = [];
    const work = async (name: string) => {
      for (let part = 0; part < 2; part++) {
        await slices.turn();
        done.push(name);
      }
    };
    const all = Promise.all([work('a'), work('b')]);
    for (let turns = 1; turns <= 4; turns++) {
      expect(clock.deferredCount).toBe(1);
      clock.endTurn();
      await new Promise((resolve) => setImmediate(resolve));
      expect(done).toHaveLength(turns);
    }
    await all;

    expect(done).toEqual(['a', 'b', 'a', 'b']);
    expect(clock.deferredCount).toBe(0);
  });

  test('are followed by a rest as long as themselves, 2 ms at most', async () => {
    const clock = new FakeClock();
    const slices = new Slices(clock);
    let begun = 0;
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    const turnAt = async (ms: number) => {
      clock.nowMs += ms;
      clock.endTurn();
      await settle();
      return begun;
    };
    const work = async (ms: number) => {
      await slices.turn();
      begun++;
      clock.nowMs += ms;
    };
    const all = work(1.5)
      .then(() => work(100))
      .then(() => work(0));

    expect(await turnAt(0)).toBe(1);
    expect(await turnAt(1)).toBe(1);
    expect(await turnAt(0.5)).toBe(2);
    // It was stopped meanwhile: there was time enough for others.
    expect(await turnAt(0)).toBe(3);
    await all;
  });

  test('end when 2 ms have passed, and by their work when no time passes', async () => {
    const clock = new FakeClock();
    const slices = new Slices(clock);
    const begin = async () => {
      const turn = slices.turn();
      clock.endTurn();
      await turn;
    };
    const unitsOf = (msPerUnit: number) => {
      let units = 1;
      for (; !slices.spend(); units++) clock.nowMs += msPerUnit;
      return units;
    };

    await begin();
    expect(unitsOf(0)).toBe(16_384);
    await begin();
    expect(unitsOf(0.001)).toBe(2048);
    clock.advance(2);
    await begin();
    expect(slices.spend(1_000_000)).toBe(true);
  });
});
