/**
 * Reads a regular expression as JavaScript writes it, without flags, as far as it can be matched in
 * time that grows with the text only (pattern.ts): no references back, no looking around. What is
 * not understood is an Error that says what and where.
 */

/** A set of UTF-16 units, as pairs of first and last. */
export interface UnitSet {
  readonly ranges: readonly (readonly [number, number])[];
  readonly isNegated: boolean;
}

export type PatternNode =
  | { readonly kind: 'unit'; readonly set: UnitSet }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly part: PatternNode;
      readonly min: number;
      /** Infinity: without bound. */
      readonly max: number;
      readonly isLazy: boolean;
    };

export type Place = 'begin' | 'end' | 'edgeOfWord' | 'noEdgeOfWord';

const unit = (text: string): number => text.charCodeAt(0);
const range = (first: string, last: string) => [unit(first), unit(last)] as const;

const digits = [range('0', '9')];
export const wordUnits = [range('0', '9'), range('A', 'Z'), range('_', '_'), range('a', 'z')];
const spaces = [
  ...[range('\t', '\r'), range(' ', ' '), range('\u00a0', '\u00a0'), range('\u1680', '\u1680')],
  ...[range('\u2000', '\u200a'), range('\u2028', '\u2029'), range('\u202f', '\u202f')],
  ...[range('\u205f', '\u205f'), range('\u3000', '\u3000'), range('\ufeff', '\ufeff')],
];
const lineEnds = [range('\n', '\n'), range('\r', '\r'), range('\u2028', '\u2029')];

const classes: { readonly [letter: string]: UnitSet } = {
  d: { ranges: digits, isNegated: false },
  D: { ranges: digits, isNegated: true },
  w: { ranges: wordUnits, isNegated: false },
  W: { ranges: wordUnits, isNegated: true },
  s: { ranges: spaces, isNegated: false },
  S: { ranges: spaces, isNegated: true },
};
const controls: { readonly [letter: string]: string } = {
  ...{ t: '\t', n: '\n', r: '\r', f: '\f', v: '\v', 0: '\0' },
};
const places: { readonly [text: string]: Place } = {
  '^': 'begin',
  $: 'end',
  '\\b': 'edgeOfWord',
  '\\B': 'noEdgeOfWord',
};

export class PatternReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** All of the text. */
  read(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#text.length) throw this.#fault('there is a ) without a (');
    return node;
  }

  #fault(what: string, at = this.#at): Error {
    return new Error(`the pattern cannot be used: ${what} (character ${at + 1})`);
  }

  #takes(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #takeMatch(pattern: RegExp): RegExpExecArray | null {
    const match = pattern.exec(this.#text.slice(this.#at));
    if (match !== null) this.#at += match[0].length;
    return match;
  }

  #choice(): PatternNode {
    const options = [this.#sequence()];
    while (this.#takes('|')) options.push(this.#sequence());
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (
      this.#at < this.#text.length &&
      !/^[|)]/.test(this.#text.slice(this.#at, this.#at + 1))
    ) {
      parts.push(this.#repeated());
    }
    return { kind: 'sequence', parts };
  }

  #repeated(): PatternNode {
    const place = this.#takeMatch(/^(?:\^|\$|\\b|\\B)/);
    const start = this.#at;
    const part: PatternNode =
      place === null ? this.#single() : { kind: 'place', place: places[place[0]]! };
    const quantifier = this.#takeMatch(/^(?:[*+?]|\{(\d{1,6})(,(\d{1,6})?)?\})(\??)/);
    if (quantifier === null) return part;
    if (place !== null) throw this.#fault('there is nothing to repeat', start);
    const [whole, low, comma, high, lazy] = quantifier;
    const min = low === undefined ? Number(whole.startsWith('+')) : Number(low);
    const bound = high === undefined ? Number.POSITIVE_INFINITY : Number(high);
    const most = whole.startsWith('?') ? 1 : Number.POSITIVE_INFINITY;
    const max = low === undefined ? most : comma === undefined ? min : bound;
    if (max < min) throw this.#fault('the numbers in {} are out of order', start);
    return { kind: 'repeat', part, min, max, isLazy: lazy === '?' };
  }

  #single(): PatternNode {
    if (this.#takes('(')) return this.#group();
    if (this.#takes('[')) return { kind: 'unit', set: this.#bracket() };
    if (this.#takes('.')) return { kind: 'unit', set: { ranges: lineEnds, isNegated: true } };
    if (this.#takes('\\')) return { kind: 'unit', set: this.#escape() };
    const unreadable = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.test(this.#text.slice(this.#at));
    if (unreadable) throw this.#fault('there is nothing to repeat');
    return { kind: 'unit', set: setOf(this.#text.charCodeAt(this.#at++)) };
  }

  #group(): PatternNode {
    const start = this.#at - 1;
    if (this.#takeMatch(/^\?(?:[=!]|<[=!])/) !== null) {
      throw this.#fault('looking ahead or back is not supported', start);
    }
    const kind = this.#takeMatch(/^\?(?::|<[A-Za-z_$][\w$]*>)/);
    if (kind === null && this.#takes('?')) throw this.#fault('this group is not known', start);
    const node = this.#choice();
    if (!this.#takes(')')) throw this.#fault('a ( is not closed', start);
    return node;
  }

  /** Behind a backslash. */
  #escape(): UnitSet {
    const at = this.#at;
    const letter = this.#text[at];
    if (letter === undefined) throw this.#fault('a \\ stands at the end', at - 1);
    const code = this.#takeMatch(/^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))/);
    if (code !== null) return setOf(Number.parseInt(code[1] ?? code[2]!, 16));
    this.#at++;
    if (Object.hasOwn(classes, letter)) return classes[letter]!;
    const isOctal = letter === '0' && /^\d/.test(this.#text.slice(this.#at));
    if (isOctal || /[1-9k]/.test(letter)) throw this.#fault('\\ and a number is not supported', at);
    if (Object.hasOwn(controls, letter)) return setOf(unit(controls[letter]!));
    if (/[A-Za-z]/.test(letter)) throw this.#fault(`\\${letter} is not known`, at);
    return setOf(unit(letter));
  }

  /** Behind a `[`. */
  #bracket(): UnitSet {
    const start = this.#at - 1;
    const isNegated = this.#takes('^');
    const ranges: (readonly [number, number])[] = [];
    while (!this.#takes(']')) {
      const first = this.#member(start);
      const from = only(first);
      const isRange = /^-[^\]]/.test(this.#text.slice(this.#at));
      if (from === null || !isRange) {
        ranges.push(...plain(first));
        continue;
      }
      const at = this.#at++;
      const to = only(this.#member(start));
      if (to === null || to < from) throw this.#fault('a range in [] is out of order', at);
      ranges.push([from, to]);
    }
    return { ranges, isNegated };
  }

  #member(start: number): UnitSet {
    if (this.#at >= this.#text.length) throw this.#fault('a [ is not closed', start);
    if (this.#takes('\\b')) return setOf(8);
    if (this.#takes('\\-')) return setOf(unit('-'));
    if (this.#takes('\\')) return this.#escape();
    return setOf(this.#text.charCodeAt(this.#at++));
  }
}

function setOf(only: number): UnitSet {
  return { ranges: [[only, only]], isNegated: false };
}

/** The unit, of a set of one; null for others. */
function only({ ranges, isNegated }: UnitSet): number | null {
  const [first] = ranges;
  const isOne = ranges.length === 1 && !isNegated && first![0] === first![1];
  return isOne ? first![0] : null;
}

/** The ranges of a set that is not negated. */
function plain({ ranges, isNegated }: UnitSet): (readonly [number, number])[] {
  if (!isNegated) return [...ranges];
  const found: [number, number][] = [];
  let next = 0;
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    if (first > next) found.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= 0xffff) found.push([next, 0xffff]);
  return found;
}
