/**
 * What may happen next, as one number (for the explorer's tables) and as one line of a script (for
 * people): a kind and up to three small operands.
 */

export const kinds = [
  'elect',
  'follow',
  'deliver',
  'flush',
  'greet',
  'propose',
  'timeout',
  'forget',
  'beat',
  'overdue',
  'rival',
  'note',
  'crash',
  'wipe',
  'restart',
  'cut',
  'heal',
  'lose',
  'keep',
  'late',
] as const;
export type ActionKind = (typeof kinds)[number];

export interface Action {
  readonly kind: ActionKind;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

const numbers = new Map<ActionKind, number>(kinds.map((kind, at) => [kind, at]));

export const encode = (kind: ActionKind, a = 0, b = 0, c = 0): number =>
  numbers.get(kind)! | (a << 5) | (b << 9) | (c << 13);

export const decode = (code: number): Action => ({
  kind: kinds[code & 31]!,
  a: (code >> 5) & 15,
  b: (code >> 9) & 15,
  c: code >> 13,
});

const side = (mask: number, sids: readonly number[], isIn: boolean): string =>
  sids.filter((sid) => ((mask >> sid) & 1) === (isIn ? 1 : 0)).join(' ');

/** One line of a script. */
export function show({ kind, a, b, c }: Action, sids: readonly number[]): string {
  switch (kind) {
    case 'follow':
      return `follow ${a} ${b}`;
    case 'deliver':
    case 'lose':
    case 'keep':
      return `${kind} ${a} to ${b}`;
    case 'forget':
    case 'rival':
      return `${kind} ${a} ${b}`;
    case 'crash':
      return c === 0 ? `crash ${a}` : `crash ${a} keeps ${c}`;
    case 'cut':
      return `cut ${side(c, sids, true)} | ${side(c, sids, false)}`;
    case 'heal':
    case 'late':
      return kind;
    default:
      return `${kind} ${a}`;
  }
}

/** Throws where a line makes no sense. What follows `#` is for people. */
export function parse(line: string): Action {
  const words = line.replace(/#.*/, '').trim().split(/\s+/);
  const kind = words[0] as ActionKind;
  if (!kinds.includes(kind)) throw new Error(`scenario: '${line}' is no action`);
  if (kind === 'cut') {
    const left = words.slice(1, words.indexOf('|')).map(Number);
    return { kind, a: 0, b: 0, c: left.reduce((mask, sid) => mask | (1 << sid), 0) };
  }
  const [a = 0, b = 0] = words
    .slice(1)
    .filter((word) => /^\d+$/.test(word))
    .map(Number);
  if (kind === 'crash') return { kind, a, b: 0, c: b };
  return { kind, a, b, c: 0 };
}
