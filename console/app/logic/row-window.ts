/**
 * Which rows of a long list are in view. Browsers limit how tall an element may be, so a list above
 * `tallestPx` is drawn on a shorter canvas: the scrollbar then stands for more than it measures,
 * and `top` (where we are among all rows, in pixels of the true height) leads.
 */

/** Below what all browsers allow (Firefox about 17.8 million). */
export const tallestPx = 8_000_000;

export interface RowList {
  readonly rows: number;
  readonly rowPx: number;
  readonly viewPx: number;
}

export interface RowWindow {
  /** Rows `first` to `end` (without it) are drawn. */
  readonly first: number;
  readonly end: number;
}

/** True height of all rows. */
export function fullPx({ rows, rowPx }: RowList): number {
  return rows * rowPx;
}

/** Height of the element that the scrollbar measures. */
export function canvasPx(list: RowList): number {
  return Math.min(fullPx(list), Math.max(tallestPx, list.viewPx));
}

/** The farthest that `top` can go. */
export function topMax(list: RowList): number {
  return Math.max(0, fullPx(list) - list.viewPx);
}

export function clampTop(list: RowList, top: number): number {
  return Math.min(Math.max(0, top), topMax(list));
}

const canvasTopMax = (list: RowList): number => Math.max(0, canvasPx(list) - list.viewPx);

/** Where the scrollbar has to stand for this `top`. */
export function scrollOf(list: RowList, top: number): number {
  const whole = topMax(list);
  return whole === 0 ? 0 : (clampTop(list, top) / whole) * canvasTopMax(list);
}

/** What the scrollbar means, after somebody moved it. */
export function topOf(list: RowList, scroll: number): number {
  const canvas = canvasTopMax(list);
  return canvas === 0 ? 0 : clampTop(list, (scroll / canvas) * topMax(list));
}

/** Rows in view at `top`, with some more on both sides, so that scrolling shows no gap. */
export function rowWindow(list: RowList, top: number, spare = 8): RowWindow {
  const at = clampTop(list, top);
  const first = Math.max(0, Math.floor(at / list.rowPx) - spare);
  const end = Math.min(list.rows, Math.ceil((at + list.viewPx) / list.rowPx) + spare);
  return { first, end: Math.max(first, end) };
}

/** The `top` at which row `index` is in view, with the least movement. */
export function topShowing(list: RowList, top: number, index: number): number {
  const start = index * list.rowPx;
  const at = clampTop(list, top);
  if (start < at) return clampTop(list, start);
  const end = start + list.rowPx;
  return end > at + list.viewPx ? clampTop(list, end - list.viewPx) : at;
}
