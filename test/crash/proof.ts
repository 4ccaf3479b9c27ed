/**
 * The numbers for a report: with NATSKEEPER_PROOF_DIR set, crash.json in that folder, put together
 * from what each test file has found so far. Test files run at the same time, so each writes a part
 * of its own and then joins all parts that are there.
 */

import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SearchReport } from './crash-process.ts';

export interface DamageTally {
  readonly 'file kind': string;
  readonly 'kind of damage': string;
  recovered: number;
  refused: number;
  'as before the last commit': number;
  failures: number;
}

interface Part {
  readonly groups: readonly {
    readonly group: string;
    readonly cuts: number;
    readonly states: number;
    readonly failures: number;
  }[];
  readonly damage: readonly DamageTally[];
  readonly seconds: number;
}

export function proveGroups(name: string, reports: readonly SearchReport[]): void {
  const groups = reports.flatMap((one) => [
    { group: one.group, cuts: one.cuts, states: one.states, failures: one.failed },
    {
      group: `${one.group}, crash again at the next start`,
      ...{ cuts: one.nestedCuts, states: one.nestedStates, failures: 0 },
    },
  ]);
  prove(name, { groups, damage: [], seconds: reports.reduce((sum, one) => sum + one.seconds, 0) });
}

export function proveDamage(damage: readonly DamageTally[], seconds: number): void {
  prove('damage', { groups: [], damage, seconds });
}

function prove(name: string, part: Part): void {
  const folder = process.env['NATSKEEPER_PROOF_DIR'];
  if (folder === undefined) return;
  const parts = join(folder, 'crash-parts');
  mkdirSync(parts, { recursive: true });
  writeWhole(join(parts, `${name}.json`), part);
  // Whoever joins last has seen all: a part that came meanwhile means another round.
  for (let joined: string[] = []; joined.length < partsIn(parts).length; ) {
    joined = partsIn(parts);
    const all = joined.map((file) => JSON.parse(readFileSync(join(parts, file), 'utf8')) as Part);
    writeWhole(join(folder, 'crash.json'), {
      groups: all.flatMap(({ groups }) => groups),
      damage: all.flatMap(({ damage }) => damage),
      seconds: Math.round(all.reduce((sum, { seconds }) => sum + seconds, 0)),
    });
  }
}

const partsIn = (folder: string): string[] =>
  readdirSync(folder).filter((file) => file.endsWith('.json'));

function writeWhole(path: string, value: unknown): void {
  const own = `${path}.${process.pid}`;
  writeFileSync(own, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(own, path);
}
