/**
 * The failure playground with real processes: the bus, three replicas and the writers. What is
 * killed, paused or cut off costs the writers an outage that is measured, and is mended again.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { silentNotes } from '../../actors/note.ts';
import { DemoEnsemble } from '../../cli/demo-ensemble.ts';
import { DemoPlayground } from '../../cli/demo-playground.ts';
import { NatsProcess } from '../../cli/nats-process.ts';
import { findNatsServer } from '../../cli/nats-program.ts';
import { freeLoopbackPort } from '../../cli/port-holder.ts';
import type { DemoStatus } from '../../protocol/demo.ts';
import { compile } from '../cli/compiled.ts';
import { portsInARow } from '../cli/free-ports.ts';
import { pause } from '../support/zoo-process.ts';

const program = findNatsServer({ env: process.env });
const seenMsMax = 30_000;

describe.skipIf(program === null)('the failure playground', () => {
  const folder = mkdtempSync(join(tmpdir(), 'natskeeper-playground-'));
  let ensemble: DemoEnsemble;
  let playground: DemoPlayground;
  const said: string[] = [];

  beforeAll(async () => {
    compile(['cli/main.ts'], folder);
    const data = join(folder, 'data');
    const client = { host: '127.0.0.1', port: await freeLoopbackPort() };
    const config = { serverName: 'demo', client, users: null, cluster: null };
    const bus = await NatsProcess.start({
      program: program!,
      folder: join(data, 'bus'),
      config,
      notes: silentNotes,
    });
    const main = join(folder, 'cli/main.js');
    const port = await portsInARow(3);
    const say = (line: string) => void said.push(line);
    ensemble = await DemoEnsemble.start({ port, replicas: 3, data, main, bus, say });
    const now = () => performance.timeOrigin + performance.now();
    playground = new DemoPlayground(ensemble, now);
    ensemble.onExit = (replica, exit) => playground.died(replica, exit);
    await seen('all serve', ({ replicas }) => replicas.every(({ mode }) => mode !== null));
    await playground.act('startLoad', { clients: 6 });
    await seen('writes', ({ series }) => series.some(({ perSecond }) => perSecond > 0));
  });

  afterAll(async () => {
    await playground.close();
    const late = await ensemble.stop(15_000);
    await ensemble.close();
    rmSync(folder, { recursive: true, force: true });
    expect(late).toEqual([]);
  });

  /** Asks the replicas until it is so. */
  async function seen(what: string, isSo: (status: DemoStatus) => boolean): Promise<DemoStatus> {
    const deadline = Date.now() + seenMsMax;
    for (;;) {
      await ensemble.ask();
      playground.look();
      const status = playground.status();
      if (isSo(status)) return status;
      if (Date.now() > deadline) {
        const { series: _, ...rest } = status;
        throw new Error(`not seen: ${what}: ${JSON.stringify(rest)} ${said.join('\n')}`);
      }
      await pause(50);
    }
  }

  const leaderIn = ({ replicas }: DemoStatus): number | null =>
    replicas.find(({ mode, isCut }) => mode === 'leader' && !isCut)?.sid ?? null;
  const isWriting = ({ series, outage }: DemoStatus): boolean =>
    !outage.isOngoing && series.slice(-3).every(({ perSecond }) => perSecond > 0);

  /** Writes go on under another leader, and how long they did not is known. */
  const recovered = (): Promise<DemoStatus> =>
    seen('another leader, and an outage', (now) => {
      // Steps of 100 ms do not tell an outage of 150 ms that is still open from writing.
      return leaderIn(now) !== null && isWriting(now) && now.outages.at(-1)!.ms > 0;
    });

  async function leaderUnderLoad(): Promise<number> {
    const status = await seen('writes under a leader', (now) => {
      return isWriting(now) && leaderIn(now) !== null && now.replicas.every(({ mode }) => mode);
    });
    return leaderIn(status)!;
  }

  test('the leader killed: an outage below 5 s is measured, and it comes back', async () => {
    const sid = await leaderUnderLoad();

    const killed = await playground.act('kill', { sid });
    expect(killed.replicas[sid - 1]).toMatchObject({ state: 'dead', pid: null, mode: null });
    await expect(playground.act('kill', { sid })).rejects.toThrow(
      `replica ${sid} is not running; restart it first`,
    );
    const status = await recovered();

    expect(leaderIn(status)).not.toBe(sid);
    const outage = status.outages.at(-1)!;
    expect(outage).toMatchObject({ what: 'killed', sid });
    expect(outage.ms).toBeLessThan(5_000);
    console.log(`leader killed: ${outage.ms} ms without an acknowledged write`);
    await playground.act('restart', { sid });
    const back = await seen('it follows', ({ replicas }) => replicas[sid - 1]?.mode === 'follower');
    expect(back.events.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['killed', 'leads', 'started', 'follows']),
    );
  });

  test('the leader cut off: another is elected; healed, it follows', async () => {
    const sid = await leaderUnderLoad();

    await playground.act('cut', { sid });
    const status = await recovered();
    const outage = status.outages.at(-1)!;
    expect(outage).toMatchObject({ what: 'cut off', sid });
    console.log(`leader cut off: ${outage.ms} ms without an acknowledged write`);
    expect(status.replicas[sid - 1]).toMatchObject({ isCut: true, state: 'running' });
    await playground.act('heal', { sid });
    await seen('it follows', ({ replicas }) => replicas[sid - 1]?.mode === 'follower');
  });

  test('the leader paused: writes go on without it; resumed, it follows', async () => {
    const sid = await leaderUnderLoad();

    await playground.act('pause', { sid });
    const status = await recovered();
    expect(status.replicas[sid - 1]).toMatchObject({ state: 'paused', mode: null });
    expect(status.outages.at(-1)).toMatchObject({ what: 'paused', sid });
    await playground.act('resume', { sid });
    await seen('it follows', ({ replicas }) => replicas[sid - 1]?.mode === 'follower');
  });

  test('the bus killed: it stays down until it is restarted, then writes go on', async () => {
    await leaderUnderLoad();

    const down = await playground.act('killBus', {});
    expect(down.bus.state).toBe('dead');
    await seen('an outage', ({ outage }) => outage.isOngoing);
    const up = await playground.act('restartBus', {});
    expect(up.bus.state).toBe('running');
    const status = await recovered();
    expect(status.outages.at(-1)).toMatchObject({ what: 'bus killed', sid: null });
  });

  test('refuses what cannot be, in a sentence', async () => {
    const wrong: [action: string, body: object, sentence: RegExp][] = [
      ['explode', {}, /no action explode/],
      ['toString', {}, /no action/],
      ['kill', { sid: 9 }, /there is no replica 9/],
      ['kill', { sid: '1' }, /there is no replica 1/],
      ['resume', { sid: 1 }, /replica 1 is not paused/],
      ['heal', { sid: 1 }, /replica 1 is not cut off/],
      ['resumeBus', {}, /the bus is not paused/],
      ['startLoad', {}, /the load is on already/],
    ];
    for (const [action, body, sentence] of wrong) {
      await expect(playground.act(action, body)).rejects.toThrow(sentence);
    }
  });

  test('the load stops and starts again', async () => {
    expect((await playground.act('stopLoad', {})).load.isRunning).toBe(false);
    await expect(playground.act('startLoad', { clients: 0 })).rejects.toThrow(/clients must be/);
    await playground.act('startLoad', { clients: 2, writesShare: 1 });
    const status = await seen('writes', isWriting);
    expect(status.load).toEqual({ isRunning: true, clients: 2, writesShare: 1 });
  });
});
