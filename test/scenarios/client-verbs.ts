/**
 * Commands for clients. What one asks for is waited for a while; with `begin` it is not, and its
 * answer is told by whatever command is under way when it comes.
 */

import type { Stage } from './stage.ts';
import { numbersIn, type Verb } from './verb.ts';

const answerMs = 400;
const sessionTimeoutMs = 4000;

/** Waits for it for a while. */
async function answered(stage: Stage, name: string, done: Promise<void>): Promise<void> {
  let isDone = false;
  void done.then(() => {
    isDone = true;
  });
  if (await stage.passes(answerMs, () => isDone)) return;
  stage.chronicle.client(name, 'has no answer');
}

export const clientVerbs: readonly Verb[] = [
  {
    pattern: /^connect (c\d+)(?: as (c\d+))? to ([\d ]+?)( read-only)?(?: for (\d+) ms)?$/,
    do: (stage, [name, as, sids, readOnly, timeout]) => {
      const options = {
        canBeReadOnly: readOnly !== undefined,
        sessionTimeoutMs: Number(timeout ?? sessionTimeoutMs),
        ...(as === undefined ? {} : { session: stage.programs.sessionOf(as) }),
      };
      const done = stage.programs.connect(name!, numbersIn(sids!), options);
      return answered(stage, name!, done);
    },
  },
  {
    pattern: /^(begin )?(\w+)(?: (.*))? by (c\d+)$/,
    do: (stage, [begin, verb, rest, name]) => {
      const words = rest === undefined ? [] : rest.split(' ');
      const done = stage.programs.run(name!, verb!, words);
      return begin === undefined ? answered(stage, name!, done) : undefined;
    },
  },
];
