/** How much of each machine is explored: figures for the proof's report. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyStateMachine } from 'xstate';
import { machines } from '../../machines/index.ts';
import { edgeInvariantsOf, entryInvariantsOf, invariantsOf } from '../../machines/invariants.ts';
import { Explored, transitionNames } from '../support/explore.ts';
import { explorations } from './explorations.ts';

const figures = Object.entries(machines).map(([name, one]) => {
  const machine = one as AnyStateMachine;
  let states = 0;
  let edges = 0;
  for (const exploration of explorations[name as keyof typeof machines]) {
    const explored = new Explored(machine, exploration, () => {});
    states += explored.found.size;
    edges += explored.stepCount;
  }
  const invariants = [invariantsOf, entryInvariantsOf, edgeInvariantsOf].reduce(
    (count, of) => count + of(machine.id).length,
    0,
  );
  return { machine: name, states, transitions: transitionNames(machine).size, edges, invariants };
});

console.table(figures);
const directory = process.env['NATSKEEPER_PROOF_DIR'];
if (directory !== undefined) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'machines.json'), JSON.stringify(figures, null, 1));
}
