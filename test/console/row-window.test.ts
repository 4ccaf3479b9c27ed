/** Which rows of a list are in view, also where browsers allow no element that tall. */

import { describe, expect, test } from 'vitest';
import {
  canvasPx,
  fullPx,
  rowWindow,
  scrollOf,
  tallestPx,
  topMax,
  topOf,
  topShowing,
} from '../../console/app/logic/row-window.ts';

const short = { rows: 100, rowPx: 20, viewPx: 400 };
const tall = { rows: 1_000_000, rowPx: 22, viewPx: 600 };

describe('a short list', () => {
  test('has its true height, and the scrollbar means what it measures', () => {
    expect(canvasPx(short)).toBe(fullPx(short));
    expect(topOf(short, 123)).toBe(123);
    expect(scrollOf(short, 123)).toBe(123);
  });

  test('draws the rows in view and some spare ones, within bounds', () => {
    expect(rowWindow(short, 0, 2)).toEqual({ first: 0, end: 22 });
    expect(rowWindow(short, 1_000, 2)).toEqual({ first: 48, end: 72 });
    expect(rowWindow(short, 99_999, 2)).toEqual({ first: 78, end: 100 });
  });

  test('that fits the view does not scroll', () => {
    const small = { rows: 3, rowPx: 20, viewPx: 400 };

    expect(topMax(small)).toBe(0);
    expect(topOf(small, 50)).toBe(0);
    expect(rowWindow(small, 0)).toEqual({ first: 0, end: 3 });
  });
});

describe('a list of a million rows', () => {
  test('is drawn on a canvas that browsers allow', () => {
    expect(canvasPx(tall)).toBe(tallestPx);
  });

  test('has its first row at one end of the scrollbar and its last at the other', () => {
    expect(rowWindow(tall, topOf(tall, 0), 0).first).toBe(0);
    expect(rowWindow(tall, topOf(tall, tallestPx - tall.viewPx), 0).end).toBe(1_000_000);
  });

  test('comes back to the same place through the scrollbar', () => {
    for (const top of [0, 1, 22, 12_345_678, topMax(tall)]) {
      expect(topOf(tall, scrollOf(tall, top))).toBeCloseTo(top, 3);
    }
  });

  test('shows a row with the least movement', () => {
    expect(topShowing(tall, 1_000, 10)).toBe(220);
    expect(topShowing(tall, 1_000, 50)).toBe(1_000);
    expect(topShowing(tall, 0, 999_999)).toBe(topMax(tall));
  });
});
