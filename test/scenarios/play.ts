/**
 * Plays a script, and returns it with the transcript that the run made: equal to what was given,
 * where all happened as it is written there.
 */

import { replay } from '../model/script.ts';
import { carryOut } from './commands.ts';
import { type Command, parseScript, writeScript } from './script.ts';
import { Stage } from './stage.ts';

/** Chance of delays; the transcript must be the same whatever it is. */
export const usualSeed = 1;

export async function play(text: string, seed = usualSeed): Promise<string> {
  const script = parseScript(text);
  if (script.kind === 'model') return playModel(text);
  const stage = new Stage(script.shape, seed);
  const said = new Map<Command, string[]>();
  for (const item of script.items) {
    if (typeof item === 'string') continue;
    try {
      await carryOut(stage, item.text);
    } catch (failure) {
      const { message } = failure as Error;
      throw new Error(`line ${item.line}, '${item.text}': ${message}`, { cause: failure });
    }
    said.set(item, stage.chronicle.take());
  }
  return writeScript(script, said);
}

/** A trace of the explorer has no transcript; an invariant that it breaks is told at its end. */
function playModel(text: string): string {
  const { fault } = replay(text);
  return fault === null ? text : `${text}VIOLATED ${fault}\n`;
}
