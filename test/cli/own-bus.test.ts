/**
 * The bus that an ensemble brings along, with real nats-servers on free ports: it carries messages,
 * keeps strangers out, comes back when it dies, and ends when its replica does, however that ends.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Notes } from '../../actors/note.ts';
import { type Settings, settingsWith } from '../../actors/settings.ts';
import { natsConfigText } from '../../cli/nats-config.ts';
import { findNatsServer } from '../../cli/nats-program.ts';
import { localAddressOf, type OwnBus, ownBusConfig, startOwnBus } from '../../cli/own-bus.ts';
import { isAlive, parentOf } from '../../cli/port-holder.ts';
import { parseServerSpec } from '../../protocol/server-spec.ts';
import { freePort } from '../support/free-port.ts';
import { temporaryFolder } from '../support/temp.ts';
import { pause } from '../support/zoo-process.ts';
import { compile } from './compiled.ts';
import { NatsLineClient, until } from './nats-line-client.ts';

const program = findNatsServer({ env: process.env });
const isLinux = process.platform === 'linux';
if (program === null) console.log('own buses are not tried: there is no nats-server');

/** Settings of `count` replicas of one ensemble on this machine. */
async function ensembleOf(count: number, change: Partial<Settings> = {}) {
  const specs = [];
  for (let sid = 1; sid <= count; sid++) {
    specs.push(parseServerSpec(sid, `127.0.0.1:${await freePort()}:${await freePort()}`));
  }
  const common = { servers: specs, ensemble: 'test', busSecret: 'secret', ...change };
  return specs.map(({ sid }) => settingsWith({ dataDir: temporaryFolder(), ...common, sid }));
}

async function started(settings: Settings, notes = new NoteList()): Promise<OwnBus> {
  const bus = await startOwnBus(settings, notes);
  onTestFinished(() => bus.stop());
  return bus;
}

async function connected({ servers, user, pass }: OwnBus): Promise<NatsLineClient> {
  const client = await NatsLineClient.connect(servers, user, pass);
  onTestFinished(() => client.close());
  return client;
}

/** Publishes until it arrives, as routes take their time. */
async function reaches(from: NatsLineClient, to: NatsLineClient, word: string): Promise<void> {
  to.subscribe(`hail.${word}`);
  await until(async () => {
    from.publish(`hail.${word}`, word);
    await pause(30);
    return to.has(word);
  }, word);
}

class NoteList implements Notes {
  readonly lines: string[] = [];
  debug(): void {}
  info(message: string, fields: object = {}): void {
    this.lines.push(`info ${message} ${JSON.stringify(fields)}`);
  }
  warn(message: string, fields: object = {}): void {
    this.lines.push(`warn ${message} ${JSON.stringify(fields)}`);
  }
  error(message: string, fields: object = {}): void {
    this.lines.push(`error ${message} ${JSON.stringify(fields)}`);
  }
  get text(): string {
    return this.lines.join('\n');
  }
}

function busFolder(settings: Settings): string {
  return join(settings.dataDir, 'natskeeper/bus');
}

describe.skipIf(program === null)('own buses', () => {
  test('join and carry messages (three replicas)', async () => {
    const all = await ensembleOf(3);
    const notes = new NoteList();
    const buses = await Promise.all(all.map((settings) => started(settings, notes)));

    const [one, two, three] = await Promise.all(buses.map(connected));

    await reaches(one!, two!, 'one-two');
    await reaches(two!, three!, 'two-three');
    await reaches(three!, one!, 'three-one');
    expect(one!.info).toMatchObject({
      server_name: 'test-1',
      cluster: 'test',
      max_payload: 2 ** 20,
    });
    expect(one!.info).not.toHaveProperty('connect_urls');
    expect(notes.text).not.toMatch(/^(warn|error)/m);
    await Promise.all(buses.map((bus) => bus.stop()));
    expect(await buses[0]!.exited).toMatchObject({ problem: null });
    expect(readdirSync(busFolder(all[0]!))).toEqual(['nats.conf']);
  });

  test('let nobody in without the credentials of this start', async () => {
    const [settings] = await ensembleOf(1);
    const bus = await started(settings!);

    for (const [user, pass] of [
      ['', ''],
      [bus.user, 'guess'],
    ]) {
      const stranger = await NatsLineClient.connect(bus.servers, user!, pass!);
      expect(stranger.lines.join()).toContain("-ERR 'Authorization Violation'");
    }
    const system = await NatsLineClient.connect(bus.servers, bus.systemUser, bus.systemPass);
    expect(system.has('PONG')).toBe(true);
    system.close();
    expect(statSync(busFolder(settings!)).mode & 0o777).toBe(0o700);
    expect(statSync(join(busFolder(settings!), 'nats.conf')).mode & 0o777).toBe(0o600);
    expect(bus.pass).toHaveLength(48);
  });

  test('of another secret do not join, and both sides say so', async () => {
    const [one, two] = await ensembleOf(2);
    const notes = new NoteList();
    await started(one!, notes);
    await started({ ...two!, busSecret: null }, notes);

    await until(() => /warn nats-server: .*(auth|Auth)/.test(notes.text), 'a refusal');

    expect(notes.text).toContain('warn busSecret is not set');
  });

  test('reach a server that a reconfig adds, without a break (third of three)', async () => {
    const [one, two, three] = await ensembleOf(3);
    const notes = new NoteList();
    const former = one!.servers.slice(0, 2);
    const buses = [
      await started({ ...one!, servers: former }, notes),
      await started({ ...two!, servers: former }),
    ];
    const [a, b] = await Promise.all(buses.map(connected));
    await reaches(a!, b!, 'before');

    for (const bus of buses) bus.setPeers(one!.servers);
    // It knows of the first only; the second hears of it.
    const joining = three!.servers.filter(({ sid }) => sid !== 2);
    const c = await connected(await started({ ...three!, servers: joining }));

    await reaches(c, a!, 'one');
    await reaches(b!, c, 'two');
    expect(a!.isClosed || b!.isClosed).toBe(false);
    const text = readFileSync(join(busFolder(one!), 'nats.conf'), 'utf8');
    expect(text.match(/nats-route:/g)).toHaveLength(2);
    buses[0]!.setPeers([parseServerSpec(1, 'elsewhere:1:2')]);
    expect(notes.text).toContain('count for its bus after a restart');
  });

  test('come back on the same port with the same credentials when they die', async () => {
    const [settings] = await ensembleOf(1);
    const notes = new NoteList();
    const bus = await started(settings!, notes);
    const { pid } = bus;

    process.kill(pid!, 'SIGKILL');

    await until(() => notes.text.includes('up again'), 'a restart');
    expect(bus.pid).not.toBe(pid);
    expect((await connected(bus)).has('PONG')).toBe(true);
    expect(notes.text).toContain('warn nats-server ended by itself and is started again');
    expect(notes.text).toContain('killed by SIGKILL');
  });

  test('take a port that is in use for what it is: a message', async () => {
    const [settings] = await ensembleOf(1);
    const { electionPort } = settings!.servers[0]!.addresses[0]!;
    const other = createServer().listen(electionPort, '127.0.0.1');
    onTestFinished(() => void other.close());

    const holder = isLinux ? `pid ${process.pid} \\(.*node.*\\)` : 'another program or an .*';
    await expect(startOwnBus(settings!, new NoteList())).rejects.toThrow(
      new RegExp(`port ${electionPort} on 127.0.0.1 .*in use by ${holder}; valid: a free port`),
    );
  });

  test('end the port of a server that an earlier replica left behind', async () => {
    const [settings] = await ensembleOf(1);
    const config = await ownBusConfig(settings!, {
      isLocal: localAddressOf,
      secret: () => 'former',
    });
    const folder = busFolder(settings!);
    mkdirSync(folder, { recursive: true });
    const file = join(folder, 'nats.conf');
    writeFileSync(file, natsConfigText(config, join(folder, 'nats.pid')));
    const stale = spawn(program!, ['-c', file], { stdio: 'ignore' });
    onTestFinished(() => void stale.kill('SIGKILL'));
    const ended = new Promise((done) => stale.once('exit', (_, signal) => done(signal)));
    await until(() => readdirSync(folder).includes('nats.pid'), 'a pid file');
    const notes = new NoteList();

    const owner = join(folder, 'owner.pid');
    writeFileSync(owner, `${process.pid}`);
    await expect(startOwnBus(settings!, notes)).rejects.toThrow(`pid ${process.pid} runs its bus`);
    writeFileSync(owner, '999999999');
    const bus = await started(settings!, notes);

    expect(await ended).toBe('SIGKILL');
    expect(notes.text).toContain(`left behind is ended {"pid":${stale.pid}}`);
    expect((await connected(bus)).has('PONG')).toBe(true);
  });

  test('leave a process alone that only has the pid of the former server', async () => {
    const [settings] = await ensembleOf(1);
    mkdirSync(busFolder(settings!), { recursive: true });
    const other = spawn('sleep', ['60']);
    onTestFinished(() => void other.kill('SIGKILL'));
    writeFileSync(join(busFolder(settings!), 'nats.pid'), `${other.pid}`);

    await started(settings!);

    expect(isAlive(other.pid!)).toBe(true);
  });
});

test('a nats-server that cannot start is quoted', async () => {
  const [settings] = await ensembleOf(1);
  const script = join(temporaryFolder(), 'nats-server');
  writeFileSync(script, '#!/bin/sh\necho "$2: unknown field" >&2\nexit 9\n', { mode: 0o755 });

  const start = startOwnBus(settings!, new NoteList(), { env: { NATS_SERVER: script } });

  await expect(start).rejects.toThrow(/did not start: exit code 9\n.*nats\.conf: unknown field/);
});

describe.skipIf(program === null || !isLinux)('a bus whose replica', () => {
  const parent = `
    const { startOwnBus } = await import('./cli/' + 'own-bus.js');
    const note = (message, fields) => console.log(JSON.stringify({ message, ...fields }));
    const notes = { debug() {}, info: note, warn: note, error: note };
    const bus = await startOwnBus(JSON.parse(process.argv[2]), notes);
    console.log('bus ' + bus.pid);
    setInterval(() => {}, 1000);
  `;

  async function runParent() {
    const folder = temporaryFolder();
    compile(['cli/own-bus.ts'], folder);
    writeFileSync(join(folder, 'parent.js'), parent);
    const [settings] = await ensembleOf(1);
    const args = [join(folder, 'parent.js'), JSON.stringify(settings)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout.on('data', (text) => {
      said += text;
    });
    await until(() => /^bus \d+$/m.test(said), 'a bus');
    const pid = Number(/^bus (\d+)$/m.exec(said)?.[1]);
    const [guard] = childrenOf(pid);
    expect(guard).toBeDefined();
    return { child, pid, guard: guard!, said: () => said };
  }

  test('is killed dies with it, and its guard too', async () => {
    const { child, pid, guard } = await runParent();

    child.kill('SIGKILL');

    await until(() => !isAlive(pid) && !isAlive(guard), 'the end of both');
  });

  test('is killed together with the guard dies with it (where there is setpriv)', async () => {
    const { child, pid, guard } = await runParent();
    const hasKernelGuard = readFileSync(`/proc/${pid}/cmdline`, 'utf8').length > 0 && hasSetpriv();

    process.kill(guard, 'SIGSTOP');
    child.kill('SIGKILL');

    if (hasKernelGuard) await until(() => !isAlive(pid), 'the end of the bus');
    process.kill(guard, 'SIGKILL');
  });

  test('lives, but whose guard is killed, ends and comes back with another guard', async () => {
    const { pid, guard, said } = await runParent();

    process.kill(guard, 'SIGKILL');

    await until(() => said().includes('up again'), 'a restart');
    expect(isAlive(pid)).toBe(false);
  });
});

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => parentOf(one) === pid);
}

function hasSetpriv(): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      return readdirSync(folder).includes('setpriv');
    } catch {
      return false;
    }
  });
}
