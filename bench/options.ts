/** The command line of the comparison. */

import { parseArgs } from 'node:util';

export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly warm: number;
  /** As taskset takes it; `all` pins nothing; null for the first two that we may use. */
  readonly processors: string | null;
  readonly sections: readonly string[];
  readonly rows: RegExp;
  readonly reportOnly: boolean;
  readonly isKept: boolean;
  readonly zkload: string | null;
  readonly zkwatch: string | null;
  readonly build: string | null;
  readonly dataFolder: string | null;
  readonly sides: readonly string[];
  readonly znodes: number;
}

const usualZnodes = '1880000';

export const usage = `npm run bench -- [options]
  --sections a,b     some sections only (default: all)
  --rows REGEX       rows whose key or title matches
  --rounds N         A B A B …, N of each side (default 3)
  --seconds N        measured time of each load (default 5), after --warm N (default 3)
  --cpus LIST        processors that servers and load share (default: first two; all: no pinning)
  --sides a,b        natskeeper, apache (default: both)
  --znodes N         of the large tree (default 1880000; results of another size are not kept)
  --build DIR        another dist/ than ours
  --data DIR         where the temporary folder goes
  --zkload BINARY --zkwatch BINARY   load generators (or NATSKEEPER_ZKLOAD, NATSKEEPER_ZKWATCH)
  --dry              do not keep the results
  --report           only make results.md and the plots anew from results.json`;

export function readOptions(args: readonly string[], names: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sections: { type: 'string', default: names.join(',') },
      rows: { type: 'string', default: '' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      warm: { type: 'string', default: '3' },
      cpus: { type: 'string' },
      sides: { type: 'string', default: 'natskeeper,apache' },
      znodes: { type: 'string', default: usualZnodes },
      build: { type: 'string' },
      data: { type: 'string' },
      zkload: { type: 'string' },
      zkwatch: { type: 'string' },
      dry: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
    },
  });
  const sections = values.sections.split(',');
  const unknown = sections.find((section) => !names.includes(section));
  if (unknown !== undefined) {
    throw new Error(`--sections: there is no '${unknown}'; valid: ${names.join(', ')}`);
  }
  return {
    rounds: count('rounds', values.rounds),
    seconds: count('seconds', values.seconds),
    warm: count('warm', values.warm),
    processors: values.cpus ?? null,
    sections,
    rows: new RegExp(values.rows, 'i'),
    reportOnly: values.report,
    // A tree of another size is not what the rows speak of.
    isKept: !values.dry && values.znodes === usualZnodes,
    zkload: values.zkload ?? process.env['NATSKEEPER_ZKLOAD'] ?? null,
    zkwatch: values.zkwatch ?? process.env['NATSKEEPER_ZKWATCH'] ?? null,
    build: values.build ?? null,
    dataFolder: values.data ?? null,
    sides: values.sides.split(','),
    znodes: count('znodes', values.znodes),
  };
}

export function count(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name}: ${text} is not a whole number above 0`);
}
