/**
 * The same client program against Apache ZooKeeper 3.8.0 and against natskeeper: the replies and
 * events are the same, field by field, but for the differences listed in differences.ts. The
 * committed transcript is Apache's; where Apache is installed, it is recorded anew and must be the
 * same. `RECORD_TRANSCRIPT=1 npx vitest run test/conformance/conformance.test.ts` rewrites it.
 */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { apacheVersion, startApache, whyNoApache } from '../support/apache.ts';
import { startServer, whyNoServer } from '../support/server.ts';
import { treeTop } from '../support/tidy-source.ts';
import { differences, expectedOfUs } from './differences.ts';
import type { Transcript } from './program.ts';
import { programs, runProgram } from './program.ts';
import type { Entry } from './script.ts';

const file = join(treeTop, `test/conformance/transcript-${apacheVersion}.json`);
const isRecording = process.env['RECORD_TRANSCRIPT'] === '1';
const recorded: Transcript = existsSync(file)
  ? (JSON.parse(readFileSync(file, 'utf8')) as Transcript)
  : {};
/** One wrong zxid makes all that follow wrong: the first few differences tell the cause. */
const differencesShownMax = 15;
const errorsWanted = [
  ...[-2, -5, -6, -8, -101, -102, -103, -108, -110, -111, -114, -115, -121, -123, -124, -125],
];

/** One line for each step: what a reviewer can read and a diff can show. */
function write(transcript: Transcript): string {
  const parts = Object.entries(transcript).map(([name, entries]) => {
    const lines = entries.map((entry) => `    ${JSON.stringify(entry)}`);
    return `  ${JSON.stringify(name)}: [\n${lines.join(',\n')}\n  ]`;
  });
  return `{\n${parts.join(',\n')}\n}\n`;
}

const lines = (entries: readonly Entry[]): string[] =>
  entries.map((entry) => JSON.stringify(entry));

/** The first steps in which two transcripts differ. */
function unlike(ours: readonly Entry[], expected: readonly Entry[]): object[] {
  const found: object[] = [];
  for (let at = 0; at < Math.max(ours.length, expected.length); at++) {
    const [our, their] = [ours[at], expected[at]];
    if (JSON.stringify(our) === JSON.stringify(their)) continue;
    const { step, client } = (our ?? their)!;
    found.push({ step: `${at}, ${client}: ${step}`, ours: our?.got, expected: their?.got });
    if (found.length === differencesShownMax) break;
  }
  return found;
}

if (whyNoServer !== null) console.log(`natskeeper is not compared: ${whyNoServer}`);
if (whyNoApache !== null) console.log(`Apache ZooKeeper is not compared live: ${whyNoApache}`);

describe.skipIf(whyNoApache !== null)(`Apache ZooKeeper ${apacheVersion}`, () => {
  const live: Transcript = {};
  afterAll(() => {
    if (isRecording) writeFileSync(file, write(live));
  });

  for (const program of programs) {
    test(`gives the recorded transcript (${program.name})`, async () => {
      const server = await startApache(program.config);
      try {
        live[program.name] = await runProgram(program, server.port);
        if (!isRecording) {
          expect(unlike(live[program.name]!, recorded[program.name] ?? [])).toEqual([]);
        }
      } finally {
        await server.remove();
      }
    });
  }
});

describe('the recorded transcript', () => {
  const text = JSON.stringify(recorded);

  test('has at least 150 steps', () => {
    expect(Object.values(recorded).flat().length).toBeGreaterThanOrEqual(150);
  });

  for (const code of errorsWanted) {
    test(`has error ${code}`, () => {
      expect(text).toContain(`"err":${code}`);
    });
  }

  for (const { reason, steps } of differences) {
    test(`shows where we differ: ${reason}`, () => {
      const entries = Object.values(recorded).flat();
      for (const step of steps) {
        const shown = entries.filter((entry) => entry.step === step);

        expect(shown.length, step).toBeGreaterThan(0);
        expect(lines(expectedOfUs(shown)), step).not.toEqual(lines(shown));
      }
    });
  }
});

describe.skipIf(whyNoServer !== null)('natskeeper', () => {
  for (const program of programs) {
    test(`answers as Apache ZooKeeper ${apacheVersion} does (${program.name})`, async () => {
      const server = await startServer(program.config);
      try {
        const ours = await runProgram(program, server.port);
        const theirs = recorded[program.name] ?? [];

        expect(unlike(ours, expectedOfUs(theirs))).toEqual([]);
      } finally {
        await server.remove();
      }
    });
  }
});
