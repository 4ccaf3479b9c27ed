/**
 * Do our checks find what is known to go wrong? `node --import ./test/support/run-ts.mjs
 * test/teeth/main.ts` looks for each mutant where it was found last, and near by if it is not
 * there; with --hunt for all (or --only ID) anew, which writes found.json. Ends with 1 when one
 * is not found. A summary goes to `$NATSKEEPER_PROOF_DIR/teeth.json`.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readFound, writeFound } from './found.ts';
import { CleanRuns, type Hunted, hunt, inParallel, seedsMax } from './hunt.ts';
import { mutants } from './mutants.ts';
import { verify } from './verify.ts';

const { values } = parseArgs({
  options: {
    hunt: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    workload: { type: 'string' },
    from: { type: 'string', default: '1' },
    seeds: { type: 'string', default: String(seedsMax) },
    jobs: { type: 'string', default: '2' },
  },
});

const chosen = mutants.filter(({ id }) => values.only?.includes(id) ?? true);
const jobs = Number(values.jobs);
const results: Hunted[] = [];

function placeOf({ found, seeds, unclean }: Hunted): string {
  if (found === null) return `NOT FOUND in ${seeds} seeds, ${unclean} of no use`;
  const { invariant, finder, workload = '', seed, seconds } = found;
  return `${invariant} ${finder} ${workload} ${seed}, ${seconds} s`;
}

function tell(result: Hunted): void {
  results.push(result);
  const { mutant, text } = result;
  const { id, source } = mutant;
  console.log(`${id.padEnd(28)} ${source.padEnd(24)} ${placeOf(result)}: ${text.slice(0, 110)}`);
}

if (values.hunt) {
  const clean = new CleanRuns();
  const place = {
    ...(values.workload === undefined ? {} : { workload: values.workload }),
    ...{ from: Number(values.from), count: Number(values.seeds) },
  };
  await inParallel(chosen, jobs, async (mutant) => {
    tell(await hunt(mutant, clean, place));
    writeFound(results);
  });
  clean.stop();
} else for (const result of await verify(chosen, readFound(), jobs)) tell(result);

const missed = results.filter(({ found }) => found === null).map(({ mutant }) => mutant.id);
console.log(`${results.length - missed.length} of ${results.length} mutants are found`);
if (missed.length > 0) {
  console.log(`not found: ${missed.join(', ')}`);
  process.exitCode = 1;
}
const directory = process.env['NATSKEEPER_PROOF_DIR'];
if (directory !== undefined) {
  mkdirSync(directory, { recursive: true });
  const rows = results.map(({ mutant: { id, source, what }, found, text }) => {
    return { id, source, what, found, text };
  });
  writeFileSync(join(directory, 'teeth.json'), `${JSON.stringify(rows, null, 1)}\n`);
}
