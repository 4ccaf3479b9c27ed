/**
 * Deadlines in buckets: nobody is due early, everybody within one tick; and the queue beneath
 * sessions.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ExpiryQueue } from '../../actors/expiry-queue.ts';
import { Fifo } from '../../protocol/fifo.ts';

const tickMs = 500;
const item = (id: string, timeoutMs: number, lastHeardMs: number) => ({
  id,
  timeoutMs,
  lastHeardMs,
});
type Item = ReturnType<typeof item>;

describe('expiry', () => {
  test('is never early and within one tick, whoever was heard of when (random touches)', () => {
    const event = fc.record({
      kind: fc.constantFrom('add', 'touch', 'touch', 'remove', 'tick', 'tick', 'tick'),
      who: fc.nat(5),
      ms: fc.integer({ min: 0, max: 1500 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 100, size: 'max' }), (events) => {
        const queue = new ExpiryQueue<Item>(tickMs);
        const held = new Map<number, Item>();
        let nowMs = 7777;
        for (const { kind, who, ms } of events) {
          nowMs += kind === 'tick' ? 0 : ms / 10;
          const known = held.get(who);
          if (kind === 'add' && known === undefined) {
            held.set(who, item(`s${who}`, 1000 + ms, nowMs));
            queue.add(held.get(who)!);
          } else if (kind === 'touch' && known) known.lastHeardMs = nowMs;
          else if (kind === 'remove' && known) {
            queue.remove(known);
            held.delete(who);
          } else if (kind === 'tick') {
            // The clock is looked at once per tick, sometimes a little late.
            const late = ms / 50;
            nowMs = (Math.floor(nowMs / tickMs) + 1) * tickMs + late;
            const due = queue.takeDue(Math.floor(nowMs / tickMs));
            for (const [key, one] of [...held]) {
              const overdueMs = nowMs - (one.lastHeardMs + one.timeoutMs);
              const isDue = due.includes(one);
              if (isDue) held.delete(key);
              if (isDue) expect(overdueMs, 'not early').toBeGreaterThan(0);
              else expect(overdueMs, 'not late').toBeLessThanOrEqual(tickMs);
            }
          }
          expect(queue.size).toBe(held.size);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('lists buckets by time, soonest first', () => {
    const queue = new ExpiryQueue<Item>(tickMs);
    const late = item('late', 5000, 0);
    const soon = item('soon', 1000, 0);
    queue.add(late);
    queue.add(soon);
    queue.add(soon);

    expect(queue.buckets()).toEqual([
      [1500, [soon]],
      [5500, [late]],
    ]);
    expect(queue.takeDue(2)).toEqual([]);
    expect(queue.takeDue(3)).toEqual([soon]);
    expect(queue.size).toBe(1);
  });

  test('takes one whose deadline is long past with the next tick', () => {
    const queue = new ExpiryQueue<Item>(tickMs);
    queue.takeDue(100);
    queue.add(item('past', 1000, 0));

    expect(queue.takeDue(100)).toEqual([]);
    expect(queue.takeDue(101)).toHaveLength(1);
  });
});

test('a queue is first in, first out (random pushes and shifts)', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 400, size: 'max' }), (steps) => {
      const queue = new Fifo<number>();
      const model: number[] = [];
      steps.forEach((one, index) => {
        if (one < 6) {
          queue.push(index);
          model.push(index);
        } else expect(queue.shift()).toBe(model.shift());
        expect([queue.size, queue.peek()]).toEqual([model.length, model[0]]);
      });
      while (model.length > 0) expect(queue.shift()).toBe(model.shift());
      expect(queue.shift()).toBeUndefined();
    }),
  );
});
