/**
 * Regular expressions whose time is bounded, whatever the pattern: all ways through it are followed
 * at once, unit by unit, so a text costs its length times the number of parts of the pattern, and
 * no pattern makes it explode. It finds where JavaScript's would find (see its test).
 */

import {
  type PatternNode,
  PatternReader,
  type Place,
  type UnitSet,
  wordUnits,
} from './pattern-syntax.ts';

const patternCharsMax = 256;
/** Steps of the program that a pattern becomes. */
const stepsMax = 128;

type Step =
  | { readonly kind: 'unit'; readonly has: (unit: number) => boolean }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'fork'; first: number; second: number }
  | { readonly kind: 'jump'; to: number }
  | { readonly kind: 'found' };

/** The ways through a pattern at one place in the text, the preferred first. */
class Ways {
  readonly steps = new Int32Array(stepsMax);
  readonly starts = new Int32Array(stepsMax);
  count = 0;
}

export class Pattern {
  readonly #program: readonly Step[];
  /** The round in which a step was reached last: once in each. */
  readonly #reached: Int32Array;
  #round = 0;
  #ways = new Ways();
  #nextWays = new Ways();
  #text = '';
  /** Work done since somebody set it to 0, in steps. */
  work = 0;

  /** Throws an Error that says what is wrong. */
  constructor(text: string) {
    if (text.length > patternCharsMax) {
      throw new Error(
        `the pattern cannot be used: it is longer than ${patternCharsMax} characters`,
      );
    }
    this.#program = compile(new PatternReader(text).read());
    this.#reached = new Int32Array(this.#program.length);
  }

  /** Where in the text it is found first, in UTF-16 units; null when it is not. */
  find(text: string): { readonly start: number; readonly end: number } | null {
    this.#text = text;
    this.#ways.count = 0;
    this.#round = 0;
    this.#reached.fill(0);
    let found: { start: number; end: number } | null = null;
    this.#round++;
    for (let at = 0; at <= text.length; at++) {
      if (found === null) this.#follow(this.#ways, 0, at, at);
      this.#round++;
      const ways = this.#ways;
      const next = this.#nextWays;
      next.count = 0;
      const unit = at < text.length ? text.charCodeAt(at) : -1;
      this.work += ways.count + 1;
      for (let way = 0; way < ways.count; way++) {
        const step = this.#program[ways.steps[way]!]!;
        if (step.kind === 'found') {
          found = { start: ways.starts[way]!, end: at };
          break;
        }
        if (step.kind === 'unit' && unit >= 0 && step.has(unit)) {
          this.#follow(next, ways.steps[way]! + 1, ways.starts[way]!, at + 1);
        }
      }
      this.#ways = next;
      this.#nextWays = ways;
      if (found !== null && next.count === 0) break;
    }
    return found;
  }

  /** Adds the ways that go on from a step without taking a unit. */
  #follow(ways: Ways, index: number, start: number, at: number): void {
    if (this.#reached[index] === this.#round) return;
    this.#reached[index] = this.#round;
    this.work++;
    const step = this.#program[index]!;
    if (step.kind === 'jump') this.#follow(ways, step.to, start, at);
    else if (step.kind === 'fork') {
      this.#follow(ways, step.first, start, at);
      this.#follow(ways, step.second, start, at);
    } else if (step.kind === 'place') {
      if (this.#isAt(step.place, at)) this.#follow(ways, index + 1, start, at);
    } else {
      ways.steps[ways.count] = index;
      ways.starts[ways.count++] = start;
    }
  }

  #isAt(place: Place, at: number): boolean {
    if (place === 'begin') return at === 0;
    if (place === 'end') return at === this.#text.length;
    const isEdge = isWord(this.#text.charCodeAt(at - 1)) !== isWord(this.#text.charCodeAt(at));
    return isEdge === (place === 'edgeOfWord');
  }
}

/** NaN, which lies beyond the text, is none. */
function isWord(unit: number): boolean {
  return wordUnits.some(([first, last]) => unit >= first && unit <= last);
}

function compile(node: PatternNode): Step[] {
  const program: Step[] = [];
  emit(program, node);
  add(program, { kind: 'found' });
  return program;
}

function add<Added extends Step>(program: Step[], step: Added): Added {
  if (program.length === stepsMax) {
    throw new Error('the pattern cannot be used: it is too long, or repeats too much, by numbers');
  }
  program.push(step);
  return step;
}

function emit(program: Step[], node: PatternNode): void {
  switch (node.kind) {
    case 'unit':
      add(program, { kind: 'unit', has: tester(node.set) });
      break;
    case 'place':
      add(program, { kind: 'place', place: node.place });
      break;
    case 'sequence':
      for (const part of node.parts) emit(program, part);
      break;
    case 'choice':
      emitChoice(program, node.options);
      break;
    case 'repeat':
      emitRepeat(program, node);
  }
}

function emitChoice(program: Step[], options: readonly PatternNode[]): void {
  const jumps: { to: number }[] = [];
  options.forEach((option, place) => {
    const isLast = place === options.length - 1;
    const fork = isLast ? null : addFork(program);
    emit(program, option);
    if (fork === null) return;
    jumps.push(add(program, { kind: 'jump' as const, to: 0 }));
    fork.second = program.length;
  });
  for (const jump of jumps) jump.to = program.length;
}

function emitRepeat(program: Step[], node: PatternNode & { kind: 'repeat' }): void {
  const { part, min, max, isLazy } = node;
  for (let count = 0; count < min; count++) {
    const before = program.length;
    emit(program, part);
    // Of nothing, once is as good as often.
    if (program.length === before) return;
  }
  if (max === Number.POSITIVE_INFINITY) {
    const begin = program.length;
    const fork = addFork(program);
    emit(program, part);
    add(program, { kind: 'jump', to: begin });
    close(fork, program.length, isLazy);
    return;
  }
  const forks: Fork[] = [];
  for (let count = min; count < max; count++) {
    forks.push(addFork(program));
    emit(program, part);
  }
  for (const fork of forks) close(fork, program.length, isLazy);
}

type Fork = Step & { kind: 'fork' };

/** Goes on with what follows it, or elsewhere, which is to be set. */
function addFork(program: Step[]): Fork {
  return add(program, { kind: 'fork' as const, first: program.length + 1, second: 0 });
}

function close(fork: Fork, end: number, isLazy: boolean): void {
  fork.second = isLazy ? fork.first : end;
  if (isLazy) fork.first = end;
}

function tester({ ranges, isNegated }: UnitSet): (unit: number) => boolean {
  const isIn = (unit: number) => ranges.some(([first, last]) => unit >= first && unit <= last);
  const known = Uint8Array.from({ length: 256 }, (_, unit) => Number(isIn(unit) !== isNegated));
  return (unit) => (unit < 256 ? known[unit] === 1 : isIn(unit) !== isNegated);
}
