/**
 * The cell pool: cells never overlap, keep their bytes, are reused, and waste little.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CellPool, cellBytesMax, classOf, sameCell } from '../../storage/cell-pool.ts';

function fill(pool: CellPool, cell: number, size: number, value: number): void {
  pool.locate(cell, size);
  pool.buffer.fill(value, pool.offset, pool.offset + size);
}

function isFilled(pool: CellPool, cell: number, size: number, value: number): boolean {
  pool.locate(cell, size);
  return pool.buffer.subarray(pool.offset, pool.offset + size).equals(Buffer.alloc(size, value));
}

test('classes rise with the size, and a cell holds what its class says (every size)', () => {
  let before = 0;
  for (let size = 0; size <= cellBytesMax; size++) {
    const index = classOf(size);
    if (index < before || index > before + 1) throw new Error(`class ${index} of size ${size}`);
    before = index;
  }
});

test('a cell of the largest pooled size ends inside its slab', () => {
  const pool = new CellPool();
  for (let count = 0; count < 20; count++) {
    const cell = pool.allocate(cellBytesMax);
    pool.locate(cell, cellBytesMax);

    expect(pool.offset + cellBytesMax).toBeLessThanOrEqual(pool.buffer.length);
  }
});

test('cells keep their bytes while others come and go (random sizes)', () => {
  const size = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 300 }) },
    { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 70_000 }) },
  );
  const step = fc.record({ size, remove: fc.boolean(), index: fc.nat() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const pool = new CellPool();
      const held: { cell: number; size: number; value: number }[] = [];
      steps.forEach((one, at) => {
        if (one.remove && held.length > 0) {
          const [gone] = held.splice(one.index % held.length, 1);
          pool.free(gone!.cell, gone!.size);
        } else {
          const cell = pool.allocate(one.size);
          fill(pool, cell, one.size, at % 251);
          held.push({ cell, size: one.size, value: at % 251 });
        }
      });

      expect(held.every(({ cell, size, value }) => isFilled(pool, cell, size, value))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('a freed cell is the next one of its class', () => {
  const pool = new CellPool();
  const first = pool.allocate(20);
  const second = pool.allocate(20);
  pool.free(first, 20);
  pool.free(second, 20);

  const again = [pool.allocate(17), pool.allocate(24), pool.allocate(24)];

  expect(again.slice(0, 2)).toEqual([second, first]);
  expect([first, second]).not.toContain(again[2]);
});

test('a large cell has a buffer of its own, which is freed once', () => {
  const pool = new CellPool();
  const size = cellBytesMax + 1;
  const cell = pool.allocate(size);
  pool.locate(cell, size);

  expect([pool.buffer.length, pool.offset]).toEqual([size, 0]);

  pool.free(cell, size);
  expect(() => pool.free(cell, size)).toThrow(/freed once/);
});

test('two sizes share a cell when they share a class (up to the largest), or are equal', () => {
  expect(sameCell(17, 24)).toBe(true);
  expect(sameCell(16, 17)).toBe(false);
  expect(sameCell(cellBytesMax, cellBytesMax + 1)).toBe(false);
  expect(sameCell(cellBytesMax + 1, cellBytesMax + 1)).toBe(true);
  expect(sameCell(cellBytesMax + 1, cellBytesMax + 2)).toBe(false);
});
