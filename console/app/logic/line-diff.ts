/**
 * What differs between two texts, line by line: the shortest edit script (Myers), for the look
 * before a znode is saved. Texts that differ too much to be compared are shown as all taken out and
 * all put in, which is true as well.
 */

export interface DiffLine {
  readonly kind: 'same' | 'out' | 'in';
  readonly text: string;
  /** From 1 on, in the text that has it. */
  readonly before: number | null;
  readonly after: number | null;
}

/** Edits after which the search is given up. */
const editsMax = 500;

export const linesOf = (text: string): string[] => (text === '' ? [] : text.split('\n'));

export function lineDiff(before: string, after: string): DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let tail = 0;
  const rest = Math.min(a.length, b.length) - start;
  while (tail < rest && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const out: DiffLine[] = [];
  const same = (i: number, j: number): unknown =>
    out.push({ kind: 'same', text: a[i]!, before: i + 1, after: j + 1 });
  for (let at = 0; at < start; at++) same(at, at);
  const middle = edits(a.slice(start, a.length - tail), b.slice(start, b.length - tail));
  for (const line of middle) {
    out.push({
      ...line,
      before: line.before === null ? null : line.before + start,
      after: line.after === null ? null : line.after + start,
    });
  }
  for (let at = tail; at > 0; at--) same(a.length - at, b.length - at);
  return out;
}

/** Lines around changes; each gap stands for lines that are left out. */
export function aroundChanges(lines: readonly DiffLine[], context = 3): (DiffLine | number)[] {
  const isNear = new Array<boolean>(lines.length).fill(false);
  lines.forEach((line, at) => {
    if (line.kind === 'same') return;
    const end = Math.min(lines.length - 1, at + context);
    for (let near = Math.max(0, at - context); near <= end; near++) isNear[near] = true;
  });
  const out: (DiffLine | number)[] = [];
  let skipped = 0;
  lines.forEach((line, at) => {
    if (!isNear[at]) {
      skipped++;
      return;
    }
    if (skipped > 0) out.push(skipped);
    skipped = 0;
    out.push(line);
  });
  if (skipped > 0) out.push(skipped);
  return out;
}

function edits(a: readonly string[], b: readonly string[]): DiffLine[] {
  const trace = a.length === 0 || b.length === 0 ? null : furthest(a, b);
  if (trace === null) {
    return [
      ...a.map((text, i): DiffLine => ({ kind: 'out', text, before: i + 1, after: null })),
      ...b.map((text, j): DiffLine => ({ kind: 'in', text, before: null, after: j + 1 })),
    ];
  }
  const back: DiffLine[] = [];
  let i = a.length;
  let j = b.length;
  for (let d = trace.length - 1; d >= 0; d--) {
    const v = trace[d]!;
    const k = i - j;
    const isIn = k === -d || (k !== d && reach(v, k - 1) < reach(v, k + 1));
    const fromK = isIn ? k + 1 : k - 1;
    const fromI = d === 0 ? 0 : reach(v, fromK);
    const fromJ = d === 0 ? 0 : fromI - fromK;
    while (i > fromI && j > fromJ && a[i - 1] === b[j - 1]) {
      back.push({ kind: 'same', text: a[i - 1]!, before: i, after: j });
      i--;
      j--;
    }
    if (d === 0) break;
    if (isIn) back.push({ kind: 'in', text: b[j - 1]!, before: null, after: j });
    else back.push({ kind: 'out', text: a[i - 1]!, before: i, after: null });
    i = fromI;
    j = fromJ;
  }
  return back.reverse();
}

type Reach = ReadonlyMap<number, number>;
const reach = (v: Reach, k: number): number => v.get(k) ?? -1;

/** How far each diagonal reaches, before each round of one more edit; null when given up. */
function furthest(a: readonly string[], b: readonly string[]): Reach[] | null {
  const trace: Reach[] = [];
  let v = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= Math.min(a.length + b.length, editsMax); d++) {
    trace.push(v);
    const next = new Map(v);
    for (let k = -d; k <= d; k += 2) {
      const isIn = k === -d || (k !== d && reach(v, k - 1) < reach(v, k + 1));
      let i = isIn ? reach(v, k + 1) : reach(v, k - 1) + 1;
      while (i < a.length && i - k < b.length && a[i] === b[i - k]) i++;
      next.set(k, i);
      if (i >= a.length && i - k >= b.length) return trace;
    }
    v = next;
  }
  return null;
}
