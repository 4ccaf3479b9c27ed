/** Which states of a drawing are active, from the value of a snapshot; nothing of the browser. */

import type { StateValue } from '../../protocol/inspection.ts';

/** Ids as the drawings have them: the machine, and every state on the way to the innermost ones. */
export function litStates(machine: string, value: StateValue): string[] {
  const ids = [machine];
  const walk = (path: string, part: StateValue): void => {
    if (typeof part === 'string') {
      if (part !== '') ids.push(`${path}.${part}`);
      return;
    }
    for (const [name, inner] of Object.entries(part)) {
      ids.push(`${path}.${name}`);
      walk(`${path}.${name}`, inner);
    }
  };
  walk(machine, value);
  return ids;
}

/** `ruling.broadcasting`; parallel regions are told one after the other. */
export function stateText(value: StateValue): string {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([name, inner]) => {
      const rest = stateText(inner);
      return rest === '' ? name : `${name}.${rest}`;
    })
    .join(' · ');
}

/** The file of a machine's drawing: `learnerHandler` is `learner-handler`. */
export function drawingOf(machine: string): string {
  const words = machine.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return words.replace(/[^a-z0-9]+/g, '-');
}
