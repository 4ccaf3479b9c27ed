/** Simulated time: order, cancelling, promises, the end. */

import { expect, test } from 'vitest';
import { Schedule } from './schedule.ts';

/** Runs until nothing is left, and says what happened when. */
async function happened(plan: (schedule: Schedule, say: (what: string) => void) => void) {
  const schedule = new Schedule();
  const said: string[] = [];
  plan(schedule, (what) => said.push(`${schedule.nowMs} ${what}`));
  await expect(schedule.run(() => false)).rejects.toThrow('nothing is left to happen');
  return said;
}

test('things happen moment by moment, those of one as they were planned', async () => {
  const said = await happened((schedule, say) => {
    schedule.after(5, () => say('late'));
    schedule.after(1, () => {
      say('early');
      schedule.after(0, () => say('right after'));
      schedule.after(4, () => say('planned at 1 for 5'));
    });
    schedule.after(1, () => say('early too'));
  });

  expect(said).toEqual([
    '1 early',
    '1 early too',
    '1 right after',
    '5 late',
    '5 planned at 1 for 5',
  ]);
});

test('what was cancelled does not happen', async () => {
  const said = await happened((schedule, say) => {
    const planned = schedule.after(2, () => say('never'));
    schedule.after(1, () => planned.cancel());
    schedule.after(3, () => say('last'));
  });

  expect(said).toEqual(['3 last']);
});

test('promises are carried out before the next thing happens', async () => {
  const said = await happened((schedule, say) => {
    schedule.after(1, () => {
      void Promise.resolve()
        .then(() => {})
        .then(() => say('promised'));
    });
    schedule.after(1, () => say('next'));
  });

  expect(said).toEqual(['1 promised', '1 next']);
});

test('a run ends when it is over, and goes on from there', async () => {
  const schedule = new Schedule();
  let count = 0;
  const again = () => {
    count++;
    schedule.after(10, again);
  };
  again();

  await schedule.run(() => schedule.nowMs >= 50);
  expect([count, schedule.nowMs]).toEqual([6, 50]);
  await schedule.run(() => schedule.nowMs >= 100);
  expect([count, schedule.nowMs]).toEqual([11, 100]);
});

test('what an event throws is the end of the run', async () => {
  const schedule = new Schedule();
  schedule.after(1, () => {
    throw new Error('broken');
  });

  await expect(schedule.run(() => false)).rejects.toThrow('broken');
});

test('a thousand things come out sorted', async () => {
  const schedule = new Schedule();
  const moments: number[] = [];
  for (let at = 0; at < 1000; at++) {
    schedule.after((at * 7919) % 1009, () => moments.push(schedule.nowMs));
  }

  await expect(schedule.run(() => false)).rejects.toThrow();
  expect(moments).toEqual([...moments].sort((a, b) => a - b));
  expect(moments).toHaveLength(1000);
});
