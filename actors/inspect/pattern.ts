/**
 * Regular expressions of whoever searches, by RE2: time is bounded, whatever the pattern. Those
 * that RE2 does not know (back references, looking ahead or back) are refused with its words.
 */

import { RE2JS } from 're2js';

const patternCharsMax = 256;

export class Pattern {
  readonly #compiled: RE2JS;
  /** Work done since somebody set it to 0: steps of the program, times characters. */
  work = 0;

  /** Throws an Error that says what is wrong. */
  constructor(text: string) {
    if (text.length > patternCharsMax) {
      throw new Error(
        `the pattern cannot be used: it is longer than ${patternCharsMax} characters`,
      );
    }
    try {
      this.#compiled = RE2JS.compile(text);
    } catch (failure) {
      throw new Error(`the pattern cannot be used: ${(failure as Error).message}`);
    }
  }

  /** Where in the text it is found first, in UTF-16 units; null when it is not. */
  find(text: string): { readonly start: number; readonly end: number } | null {
    this.work += text.length * this.#compiled.programSize();
    const matcher = this.#compiled.matcher(text);
    return matcher.find() ? { start: matcher.start(), end: matcher.end() } : null;
  }
}
