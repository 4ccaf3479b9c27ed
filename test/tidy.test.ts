/**
 * Holds our own tree to the house rules (style, sections 5.1, 5.2, 5.4): import directions, homes
 * of libraries and calls, sizes, opening comments, leftovers. Then it proves that each rule can
 * fail, by feeding it a file that breaks it.
 */

import { describe, expect, test } from 'vitest';
import { assertionsIn, assertionViolations } from './support/tidy-assertions.ts';
import { circleViolations, importViolations } from './support/tidy-imports.ts';
import type { Violation } from './support/tidy-source.ts';
import { readTree, sourceFile } from './support/tidy-source.ts';
import { textViolations } from './support/tidy-text.ts';

const show = ({ path, line, message }: Violation): string => `${path}:${line} ${message}`;
const files = readTree();
const header = '/** What this file owns. */\n';

const importFaults = (path: string, text: string): string[] =>
  importViolations(sourceFile(path, text)).map(show);
const textFaults = (path: string, text: string): string[] =>
  textViolations(sourceFile(path, text)).map(show);

describe('our tree', () => {
  test('is found', () => {
    expect(files.map((file) => file.path)).toContain('protocol/jute.ts');
    expect(files.map((file) => file.path)).toContain('test/tidy.test.ts');
  });

  test('imports in the allowed directions only', () => {
    expect(files.flatMap(importViolations).map(show)).toEqual([]);
  });

  test('has no import circle, types included', () => {
    expect(circleViolations(files).map(show)).toEqual([]);
  });

  test('keeps calls in their homes, sizes small, headers in place and no leftovers', () => {
    expect(files.flatMap(textViolations).map(show)).toEqual([]);
  });

  test('asserts enough where the state of a replica is kept and decided upon', () => {
    expect(assertionViolations(files).map(show)).toEqual([]);
  });
});

describe('assertions', () => {
  const sentence = "export const a = {\n  'time never goes back': (now, before) => true,\n};\n";

  test('are calls of assert, and sentences about machines', () => {
    const call = "assert(a > 0, 'some (text)');\n";

    expect(assertionsIn(sourceFile('storage/x.ts', call + call))).toBe(2);
    expect(assertionsIn(sourceFile('machines/x.ts', call + sentence))).toBe(2);
    expect(assertionsIn(sourceFile('storage/x.ts', sentence))).toBe(0);
  });

  test('in comments and strings count for nothing', () => {
    const text = "// assert(a, 'b')\nconst a = 'assert(b)';\n/** '  ': (now) */\n";

    expect(assertionsIn(sourceFile('machines/x.ts', text))).toBe(0);
  });

  test('that are too few are a violation, by folder', () => {
    const lines = 'a;\n'.repeat(58);
    const one = sourceFile('machines/x.ts', lines + sentence.slice(0, -1));
    const none = sourceFile('storage/x.ts', 'a;\n');

    expect(assertionViolations([one, none]).map(show)).toEqual([
      expect.stringMatching(/^machines\/:1 has 1 assertions in 60 lines, at least 2/),
      expect.stringMatching(/^storage\/:1 has 0 assertions in 1 lines, at least 1/),
    ]);
  });
});

describe('a forbidden import is named with its replacement', () => {
  const cases: [path: string, line: string, part: string][] = [
    ['protocol/x.ts', "import { join } from 'node:path';", 'protocol/ is the leaf'],
    ['protocol/x.ts', "import { a } from '../storage/tree.ts';", 'protocol/ is the leaf'],
    ['protocol/x.ts', "import { z } from 'zod';", 'protocol/ is the leaf'],
    ['machines/x.ts', "import { a } from './leader.ts';", 'only machines/index.ts and'],
    ['machines/x-invariants.ts', "import { a } from './y.ts';", 'only machines/index.ts'],
    ['machines/x.ts', "import { a } from './x-invariants.ts';", 'join machines'],
    ['machines/x.ts', "import fs from 'node:fs';", 'name an effect'],
    ['machines/x.ts', "import type { Tree } from '../storage/tree.ts';", 'name an effect'],
    ['machines/x.ts', "import { createActor } from 'xstate';", 'actors/host.ts'],
    ['storage/x.ts', "import { open } from 'lmdb';", 'storage/environment.ts'],
    ['storage/x.ts', "import { setup } from 'xstate';", 'storage takes events'],
    ['storage/x.ts', "import { a } from '../machines/watch.ts';", 'storage takes events'],
    ['storage/x.ts', "import net from 'node:net';", 'storage takes events'],
    ['actors/x.ts', "import { connect } from 'nats';", 'actors/nats-bus.ts'],
    ['actors/x.ts', "import { connect } from '@nats-io/transport-node';", 'actors/nats-bus.ts'],
    ['actors/x.ts', "import { open } from 'lmdb';", 'storage/environment.ts'],
    ['actors/x.ts', "import { createServer } from 'node:net';", 'actors/listener.ts'],
    ['actors/connection.ts', "import { Socket } from 'node:net';", 'actors/listener.ts'],
    ['actors/x.ts', "import { WebSocket } from 'ws';", 'console/server/inspect-sockets.ts'],
    ['actors/x.ts', "import { a } from '../console/server/api.ts';", 'actors import protocol/'],
    ['console/server/x.ts', "import { Socket } from 'node:net';", 'actors/listener.ts'],
    ['actors/x.ts', "import { a } from '../test/support/raw-client.ts';", 'nobody imports test/'],
    ['actors/x.ts', "import { a } from './clock.js';", 'must end in .ts'],
    ['actors/x.ts', "import { assign, transition } from 'xstate';", 'actors/host.ts'],
    ['client/x.ts', "import { open } from 'lmdb';", 'must work without native'],
    ['client/x.ts', "import fs from 'node:fs';", 'must work without native'],
    ['client/x.ts', "export { a } from '../actors/clock.ts';", 'must work without native'],
    ['cli/x.ts', "import { a } from '../test/support/server.ts';", 'nobody imports test/'],
    ['storage/x.ts', "const lmdb = await import('lmdb');", 'storage/environment.ts'],
    ['console/app/x.tsx', "import { a } from '../../actors/clock.ts';", 'runs in browsers'],
    ['console/app/x.tsx', "import { join } from 'node:path';", 'runs in browsers'],
    ['console/server/x.ts', "import { render } from 'preact';", 'console/app/'],
    ['cli/x.ts', "import { build } from 'vite';", 'console/vite.config.ts'],
  ];
  for (const [path, line, part] of cases) {
    test(`${path}: ${line}`, () => {
      expect(importFaults(path, `${header}\n${line}\n`)).toEqual([
        expect.stringMatching(new RegExp(`^${path}:3 .*${part}`)),
      ]);
    });
  }

  test('several lines, one import', () => {
    const text = `${header}import {\n  a,\n  createActor,\n} from 'xstate';\n`;

    expect(importFaults('actors/x.ts', text)).toHaveLength(1);
  });
});

describe('an allowed import passes', () => {
  const cases: [path: string, line: string][] = [
    ['protocol/x.ts', "import { assert } from './assert.ts';"],
    ['machines/index.ts', "import { a } from './leader.ts';"],
    ['machines/x.ts', "import { assign, setup } from 'xstate';"],
    ['machines/leader.ts', "import { a } from './quorum.ts';"],
    ['machines/x.ts', "import type { Invariants } from './moment.ts';"],
    ['machines/x-invariants.ts', "import type { XContext } from './x.ts';"],
    ['machines/invariants.ts', "import { a } from './x-invariants.ts';"],
    ['storage/environment.ts', "import { open } from 'lmdb';"],
    ['storage/x.ts', "import { join } from 'node:path';"],
    ['actors/nats-bus.ts', "import { connect } from 'nats';"],
    ['actors/listener.ts', "import { createServer } from 'node:net';"],
    ['actors/connection.ts', "import type { Socket } from 'node:net';"],
    ['actors/host.ts', "import { createActor } from 'xstate';"],
    ['client/x.ts', "import { connect } from 'node:net';"],
    ['console/server/inspect-sockets.ts', "import { WebSocketServer } from 'ws';"],
    ['cli/x.ts', "import { a } from '../console/server/console-server.ts';"],
    ['bench/x.ts', "import { a } from '../test/support/server.ts';"],
    ['machines/x.ts', "// import { createActor } from 'xstate';"],
    ['console/app/x.tsx', "import { useState } from 'preact/hooks';"],
    ['console/app/pages/x.tsx', "import { A } from '../parts/a.tsx';"],
    ['console/app/x.tsx', "import type { A } from '../../protocol/inspection.ts';"],
  ];
  for (const [path, line] of cases) {
    test(`${path}: ${line}`, () => {
      expect(importFaults(path, `${header}\n${line}\n`)).toEqual([]);
    });
  }
});

describe('import circles', () => {
  test('are found through type imports, and each once', () => {
    const circle = [
      sourceFile('storage/a.ts', "import { b } from './b.ts';"),
      sourceFile('storage/b.ts', "import type { C } from './c.ts';"),
      sourceFile('storage/c.ts', "import { a } from './a.ts';"),
      sourceFile('storage/d.ts', "import { a } from './a.ts';"),
    ];

    expect(circleViolations(circle).map(show)).toEqual([
      expect.stringContaining('storage/a.ts -> storage/b.ts -> storage/c.ts -> storage/a.ts'),
    ]);
  });
});

describe('a call outside its home is named with its replacement', () => {
  const cases: [call: string, part: string][] = [
    ['const now = Date.now();', 'Clock'],
    ['const now = new Date();', 'Clock'],
    ['const now = performance.now();', 'Clock'],
    ['const now = process.hrtime.bigint();', 'Clock'],
    ['setTimeout(run, 5);', 'Clock'],
    ['setInterval(run, 5);', 'Clock'],
    ['setImmediate(run);', 'Clock'],
    [`const text = \`${'$'}{Date.now()}\`;`, 'Clock'],
    ['const die = Math.random();', 'Random'],
    ['const key = randomBytes(16);', 'Random'],
    ['process.exit(1);', 'cli/'],
    ['const home = process.env.HOME;', 'cli/'],
    ["console.log('x');", 'trace.ts'],
  ];
  for (const [line, part] of cases) {
    test(line, () => {
      expect(textFaults('actors/x.ts', `${header}${line}\n`)).toEqual([
        expect.stringMatching(new RegExp(`^actors/x.ts:2 .*${part}`)),
      ]);
      expect(textFaults('cli/x.ts', `${header}${line}\n`)).toEqual([]);
    });
  }

  test('but not in a comment, a string, a template or as a method of a seam', () => {
    const lines = [
      '// Date.now() is not for us.',
      "const text = 'Math.random';",
      `const other = \`process.exit(${'$'}{1}) console.\`;`,
      'clock.setTimeout(run, 5);',
      'const pattern = /console.log/;',
    ];

    expect(textFaults('actors/x.ts', `${header}${lines.join('\n')}\n`)).toEqual([]);
  });

  test('nor in its home', () => {
    expect(textFaults('actors/clock.ts', `${header}setTimeout(run, Date.now());\n`)).toEqual([]);
    expect(textFaults('actors/random.ts', `${header}const die = Math.random();\n`)).toEqual([]);
    expect(textFaults('cli/config.ts', `${header}const all = process.env;\n`)).toEqual([]);
    expect(textFaults('actors/clock.ts', `${header}const die = Math.random();\n`)).toHaveLength(1);
  });
});

describe('shape and leftovers', () => {
  const faulty: [name: string, path: string, text: string, part: string][] = [
    ['a long file', 'actors/x.ts', `${header}${'a;\n'.repeat(400)}`, '401 lines'],
    ['a wide line', 'actors/x.ts', `${header}${'a'.repeat(101)}\n`, '101 columns'],
    ['no header', 'actors/x.ts', 'const a = 1;\n', 'opens without a comment'],
    ['a mark', 'actors/x.ts', `${header}// ${['TO', 'DO'].join('')}: later\n`, 'open an issue'],
    ['a focused test', 'test/x.test.ts', `${header}${['test', 'only(f)'].join('.')}`, 'all tests'],
    ['a muted type', 'actors/x.ts', `${header}// ${['@ts', 'ignore'].join('-')}\n`, 'the type'],
    ['a machine path', 'README.md', `see ${['', 'home', 'me'].join('/')}`, 'relative'],
    ['a machine path', 'actors/x.ts', `${header}a('${['', 'work', 'x'].join('/')}');`, 'relative'],
    ['a registry', '.ci/run', ['https://registry', 'npm', 'example'].join('.'), 'no registry'],
    ['a lock address', 'package-lock.json', `"${'resolved'}": "https://x/a.tgz"`, 'lock file'],
    ['a file name', 'actors/logWriter.ts', header, 'kebab-case'],
    ['a barrel', 'storage/index.ts', header, 'barrel'],
  ];
  for (const [name, path, text, part] of faulty) {
    test(`${name} in ${path}`, () => {
      expect(textFaults(path, text)).toEqual([expect.stringContaining(part)]);
    });
  }

  test('a good file passes', () => {
    expect(textFaults('machines/index.ts', `${header}export const a = 1;\n`)).toEqual([]);
  });
});
