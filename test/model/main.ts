/**
 * Explores the models: `node --import ./test/support/run-ts.mjs test/model/main.ts`, with --quick
 * (the small ones, in seconds), --long (larger ones, and long walks), --full (the full bounds
 * alone), --walk SECONDS (random walks), --model 'model replicas 3 ...', with --reduced (without
 * what comes to the same: reduction.ts), or --replay FILE. The exit code is 1 when a violation was
 * found; its trace is on stderr. A summary goes to `$NATSKEEPER_PROOF_DIR`: to model.json, that of
 * the full bounds to fullModel.json.
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ModelBounds, parseBounds } from './bounds.ts';
import { describeState } from './describe.ts';
import { explore, type Violation } from './explorer.ts';
import { extend } from './liveness.ts';
import { aCrash, full, large, type NamedModel, quick, usual } from './models.ts';
import { walkAtRandom } from './random-walk.ts';
import { replay, script } from './script.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    walk: { type: 'string' },
    seed: { type: 'string', default: '1' },
    model: { type: 'string' },
    reduced: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    replay: { type: 'string' },
  },
});

const invariants = 'Z1 Z2 Z3 Z4 Z5 Z6 Z7 Z8 Z9 Z10 Z11 L1 L2 L3'.split(' ');
const results: object[] = [];

function fail(bounds: ModelBounds, violation: Violation): void {
  process.stderr.write(`${violation.fault}\n${script(bounds, violation)}`);
  process.exitCode = 1;
}

/** `every`: of so many states, one is extended to see whether the ensemble becomes one again. */
function complete(
  { name, bounds, before }: NamedModel,
  every: number,
  secondsMax?: number,
  isReduced = false,
): boolean {
  let count = 0;
  const { violation, ...figures } = explore(bounds, {
    before,
    isReduced,
    ...(secondsMax === undefined ? {} : { secondsMax }),
    visit: (model, state) => (count++ % every === 0 ? extend(model, state) : null),
    progress: (line) => process.stderr.write(`${name}: ${line}\n`),
  });
  const summary = { name, ...figures, invariants, violation: violation?.fault ?? null };
  results.push(summary);
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (violation !== null) fail(bounds, violation);
  return violation === null;
}

function walk({ name, bounds }: NamedModel, seed: number, secondsMax: number): boolean {
  const { violation, ...figures } = walkAtRandom(bounds, { seed, secondsMax });
  const summary = { name, seed, ...figures, invariants, violation: violation?.fault ?? null };
  results.push(summary);
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  if (violation !== null) fail(bounds, violation);
  return violation === null;
}

function runReplay(file: string): void {
  const { fault, model, state } = replay(readFileSync(file, 'utf8'));
  const said = fault ?? extend(model, state)?.fault ?? 'no invariant is broken';
  process.stdout.write(`${said}\n${describeState(model, state)}\n`);
  if (said !== 'no invariant is broken') process.exitCode = 1;
}

const seed = Number(values.seed);
const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
if (values.replay !== undefined) runReplay(values.replay);
else if (values.model !== undefined) {
  const one = { name: 'model', bounds: parseBounds(values.model), before: [] };
  complete(one, values.reduced ? 500 : 50, seconds, values.reduced);
} else if (values.full) {
  complete(full, 5000, seconds, true);
} else if (values.long) {
  const isClean = usual.every((one) => complete(one, 20)) && complete(aCrash, 500, undefined, true);
  if (isClean) large.every((one) => walk(one, seed, 60));
} else if (values.walk !== undefined) {
  large.every((one) => walk(one, seed, Number(values.walk) / large.length));
} else if (values.quick) {
  if (quick.every((one) => complete(one, 60))) large.every((one) => walk(one, seed, 2));
} else if (usual.every((one) => complete(one, 20))) {
  large.every((one) => walk(one, seed, 5));
}

const directory = process.env['NATSKEEPER_PROOF_DIR'];
if (directory !== undefined) {
  mkdirSync(directory, { recursive: true });
  const name = values.full ? 'fullModel.json' : 'model.json';
  writeFileSync(join(directory, name), `${JSON.stringify(results, null, 2)}\n`);
}
