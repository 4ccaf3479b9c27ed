/**
 * What `npm start`, `npm run standalone` and `npm test` say before anything runs: usage, arguments
 * that make no sense, ports in use, data of another kind; and to what they hand over, in a copy of
 * the scripts beside stand-ins. The rest of bootstrap.mjs is shown by running it on a fresh clone.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temp.ts';
import { treeTop } from '../support/tidy-source.ts';
import { compile } from './compiled.ts';
import { portsInARow } from './free-ports.ts';

const script = join(treeTop, 'cli/bootstrap.mjs');

interface Said {
  readonly code: number | null;
  readonly said: string;
}

function run(file: string, args: readonly string[], env: object = {}, cwd = treeTop): Said {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    timeout: 30_000,
    cwd,
    env: { ...process.env, NATS_URL: '', ...env },
  });
  return { code: status, said: stdout + stderr };
}

const bootstrap = (...args: string[]): Said => run(script, args);

/** Listens on a port until the test is over. */
async function portInUse(): Promise<number> {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, done));
  onTestFinished(() => void other.close());
  const address = other.address();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

describe('before anything runs', () => {
  test('without a task it shows how it is used', () => {
    expect(bootstrap()).toEqual({ code: 0, said: expect.stringContaining('npm start -- --port') });
    expect(bootstrap('start', '--help').code).toBe(0);
    expect(bootstrap('standalone', '--help').code).toBe(0);
    expect(bootstrap('dance').code).toBe(2);
  });

  test('arguments that make no sense are named', () => {
    const cases: [args: string[], said: string][] = [
      [['start', '--speed', '9'], "cannot use '--speed'"],
      [['start', '--port'], "cannot use '--port'"],
      [['start', '--port', 'x'], 'from 1 to 65533'],
      [['start', '--port=65534'], 'from 1 to 65533'],
      [['start', '--replicas', '2'], '1, 3, 5, 7 or 9'],
      [['start', '--replicas', 'many'], "not 'many'"],
      [['standalone', '--port=70000'], 'from 1 to 65535'],
      [['standalone', '--replicas', '3'], "cannot use '--replicas'"],
    ];
    const data = ['--data', join(temporaryFolder(), 'none')];
    for (const [args, said] of cases) {
      const all = [args[0]!, ...data, ...args.slice(1)];
      expect(bootstrap(...all)).toEqual({ code: 2, said: expect.stringContaining(said) });
    }
  });

  test('a port in use is named, and others are proposed', async () => {
    const port = await portInUse();
    const data = ['--data', join(temporaryFolder(), 'none')];

    const alone = bootstrap('standalone', ...data, '--port', `${port}`);
    const many = bootstrap('start', ...data, '--port', `${port}`);

    expect([alone.code, many.code]).toEqual([1, 1]);
    expect(alone.said).toMatch(
      new RegExp(`port ${port} is in use; .* npm run standalone -- --port \\d+`),
    );
    expect(many.said).toMatch(new RegExp(`port ${port} is in use; .* npm start -- --port \\d+`));
    expect(existsSync(data[1]!)).toBe(false);
  });

  test('an ensemble keeps its size', () => {
    const data = temporaryFolder();
    for (const sid of [1, 2, 3]) mkdirSync(join(data, `replica-${sid}`));

    const { code, said } = bootstrap('start', '--data', data, '--replicas', '5');

    expect(code).toBe(1);
    expect(said).toContain(`${data} is of 3 replicas`);
    expect(said).toContain('choose --replicas 3 or another folder');
  });

  test('a standalone replica does not take the data of one of an ensemble', async () => {
    const data = temporaryFolder();
    const cfg = 'dataDir=x\nserver.1=a:1:2\n';
    writeFileSync(join(data, 'zoo.cfg'), cfg);

    const port = await freePort();
    const { code, said } = bootstrap('standalone', '--data', data, '--port', `${port}`);

    expect(code).toBe(1);
    expect(said).toContain('belongs to a replica of an ensemble');
    expect(readFileSync(join(data, 'zoo.cfg'), 'utf8')).toBe(cfg);
  });
});

describe('in a tree that is installed and built', () => {
  const tree = mkdtempSync(join(tmpdir(), 'natskeeper-tree-'));
  afterAll(() => rmSync(tree, { recursive: true, force: true }));
  const copy = (...args: string[]): Said => run(join(tree, 'cli/bootstrap.mjs'), args, env, tree);
  const env = { NATS_SERVER: join(tree, 'nats-server') };

  beforeAll(() => {
    for (const folder of ['cli', 'dist/cli', 'node_modules/typescript/bin']) {
      mkdirSync(join(tree, folder), { recursive: true });
    }
    for (const name of ['bootstrap.mjs', 'start-options.mjs']) {
      copyFileSync(join(treeTop, 'cli', name), join(tree, 'cli', name));
    }
    compile(['cli/nats-program.ts', 'cli/replica-command.ts'], join(tree, 'dist'));
    for (const name of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) {
      writeFileSync(join(tree, name), '{}');
    }
    const lock = createHash('sha256').update('{}').digest('hex');
    writeFileSync(join(tree, 'node_modules/.natskeeper-lock'), lock);
    writeFileSync(join(tree, 'node_modules/typescript/bin/tsc'), '');
    writeFileSync(env.NATS_SERVER, '', { mode: 0o755 });
    const say = (name: string, what: string) =>
      `console.log('${name} ' + JSON.stringify(${what}));`;
    const demo = `export async function runDemo(options) { ${say('demo', 'options')} return 7; }`;
    writeFileSync(join(tree, 'dist/cli/demo.js'), demo);
    const main = `${say('main', 'process.argv.slice(2)')} process.exitCode = 9;`;
    writeFileSync(join(tree, 'dist/cli/main.js'), main);
  });

  test('start hands over to the demo, with its exit code', async () => {
    const port = await portsInARow(5);

    const { code, said } = copy('start', '--port', `${port}`, '--replicas=5');

    expect(code).toBe(7);
    expect(JSON.parse(/demo (.*)/.exec(said)![1]!)).toEqual({
      port,
      replicas: 5,
      consolePort: null,
      data: join(tree, 'data'),
      program: join(tree, 'nats-server'),
      main: join(tree, 'dist/cli/main.js'),
    });
  });

  test('start takes as many replicas as there were', async () => {
    const data = temporaryFolder();
    mkdirSync(join(data, 'replica-1'));

    const { said } = copy('start', '--data', data, '--port', `${await portsInARow(1)}`);

    expect(said).toContain('"replicas":1');
  });

  test('start names a NATS_SERVER that is none', async () => {
    const port = await portsInARow(3);
    const args = ['start', '--port', `${port}`];

    const { code, said } = run(join(tree, 'cli/bootstrap.mjs'), args, { NATS_SERVER: '/no' }, tree);

    expect(code).toBe(1);
    expect(said).toMatch(/^environment NATS_SERVER: \/no: not a program/);
  });

  test('standalone writes a zoo.cfg and runs one replica', async () => {
    const port = await freePort();

    const { code, said } = copy('standalone', '--port', `${port}`);

    expect(code).toBe(9);
    const config = join(tree, 'data/zoo.cfg');
    expect(said).toContain(`main ["server","--config","${config}"]`);
    const cfg = `tickTime=2000\ndataDir=${join(tree, 'data')}\nclientPort=${port}\n`;
    expect(readFileSync(config, 'utf8')).toBe(`${cfg}4lw.commands.whitelist=*\n`);
    expect(copy('standalone', '--port', `${port}`).code).toBe(9);
  });

  test('a zoo.cfg of the user is handed over as it is, by both', () => {
    const cfg = join(tree, 'my.cfg');
    writeFileSync(cfg, 'server.1=a:1:2\nserver.2=b:1:2\n');

    for (const task of ['start', 'standalone']) {
      expect(copy(task, '--config', cfg)).toEqual({
        code: 9,
        said: `main ["server","--config","${cfg}"]\n`,
      });
    }
  });
});
