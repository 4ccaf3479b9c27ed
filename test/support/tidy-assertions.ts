/**
 * How much is asserted where (style: `Invariant:` lines are asserted somewhere): in machines/ and
 * storage/ at least one assertion per so many lines. An invariant of a machine counts as one, for
 * the host of machines asserts it.
 */

import type { SourceFile, Violation } from './tidy-source.ts';

const folders = ['machines', 'storage'];
const linesPerAssertion = 30;

const assertCall = /\bassert\(/g;
/** An entry of an object whose key is a sentence and whose value is a function. */
const invariantEntry = /^ {2}' +':\s*\(/gm;

/** Calls of assert, and invariants by sentence; comments and strings count for nothing. */
export function assertionsIn({ path, code }: SourceFile): number {
  const calls = code.match(assertCall)?.length ?? 0;
  const isMachine = path.startsWith('machines/');
  return calls + (isMachine ? (code.match(invariantEntry)?.length ?? 0) : 0);
}

export function assertionViolations(files: readonly SourceFile[]): Violation[] {
  return folders.flatMap((folder) => {
    const own = files.filter((file) => file.folder === folder && file.isCode);
    const lines = own.reduce((sum, { text }) => sum + text.split('\n').length - 1, 0);
    const asserted = own.reduce((sum, file) => sum + assertionsIn(file), 0);
    const wanted = Math.ceil(lines / linesPerAssertion);
    if (asserted >= wanted) return [];
    const message =
      `has ${asserted} assertions in ${lines} lines, at least ${wanted} are wanted: ` +
      'say what must hold there, by assert() or as an invariant of a machine';
    return [{ path: `${folder}/`, line: 1, message }];
  });
}
