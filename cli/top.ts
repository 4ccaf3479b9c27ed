/**
 * `natskeeper top`: the ensemble in the terminal, drawn anew each second until `q` or Ctrl-C, on
 * the alternate screen, which is given back as it was. Without a terminal, or asked to, it prints
 * one table and ends.
 */

import { type Change, changesBetween, screenLines } from './top-screen.ts';
import type { TopSource, TopView } from './top-view.ts';

const everyMs = 1_000;
const keptChanges = 200;
/** For one table: two looks make a rate, and those on the bus speak twice a second. */
const onceMs = 1_600;
const onceColumns = 400;
const onceRows = 200;

const control = '\u001b[';
const enter = `${control}?1049h${control}?25l`;
const leave = `${control}?25h${control}?1049l`;
const home = `${control}H`;
const clearLine = `${control}K`;
const clearBelow = `${control}J`;
const ctrlC = '\u0003';

/** The terminal, as far as it is needed. */
export interface TopOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface TopInput {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
  on(event: 'data', take: (keys: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface TopParts {
  readonly source: TopSource;
  readonly isOnce: boolean;
  readonly output: TopOutput;
  readonly input: TopInput;
  readonly wallMs: () => number;
  /** Resolves after so long. */
  readonly pause: (ms: number) => Promise<void>;
  /** Resolves when the process is asked to end. */
  readonly stopped: Promise<unknown>;
}

/** Runs until it is ended; resolves to the exit code: 1 when a table has nobody in it. */
export async function runTop(parts: TopParts): Promise<number> {
  const { source, isOnce, output } = parts;
  try {
    return isOnce || output.isTTY !== true ? await printOnce(parts) : await draw(parts);
  } finally {
    await source.close();
  }
}

async function printOnce({ source, output, wallMs, pause }: TopParts): Promise<number> {
  await source.read();
  await pause(onceMs);
  const view = await source.read();
  const size = { columns: onceColumns, rows: onceRows };
  // What has changed since a moment ago says nothing.
  const lines = screenLines(view, null, wallMs(), size);
  output.write(`${lines.join('\n')}\n`);
  return view.rows.some(({ isStale }) => !isStale) ? 0 : 1;
}

async function draw(parts: TopParts): Promise<number> {
  const { source, output, input, wallMs, pause } = parts;
  let isOver = false;
  const ended = Promise.race([parts.stopped, quitKey(input)]).then(() => {
    isOver = true;
  });
  const changes: Change[] = [];
  let before: TopView | null = null;
  output.write(enter);
  try {
    while (!isOver) {
      const view = await source.read();
      if (isOver) break;
      changes.push(...changesBetween(before, view, wallMs()));
      changes.splice(0, Math.max(0, changes.length - keptChanges));
      before = view;
      const { columns = 80, rows = 24 } = output;
      const lines = screenLines(view, changes, wallMs(), { columns, rows });
      // One write for all, and no line end after the last: nothing flickers and nothing scrolls.
      const drawn = lines.map((line) => `${line}${clearLine}`).join('\r\n');
      output.write(`${home}${drawn}${clearBelow}`);
      await Promise.race([pause(everyMs), ended]);
    }
  } finally {
    if (input.isTTY === true) input.setRawMode?.(false);
    input.pause();
    output.write(leave);
  }
  return 0;
}

/** Raw, Ctrl-C is a key like any other. */
function quitKey(input: TopInput): Promise<void> {
  return new Promise((resolve) => {
    if (input.isTTY !== true) return;
    input.setRawMode?.(true);
    input.on('data', (keys) => {
      const text = keys.toString('latin1');
      if (text.includes('q') || text.includes('Q') || text.includes(ctrlC)) resolve();
    });
    input.resume();
  });
}
