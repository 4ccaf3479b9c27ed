/**
 * A whole replica inside the test's own process: real sockets, real files in a folder of its own,
 * the system's clock unless another is given. For tests that need to look inside; those that need a
 * real process use server.ts.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Words } from '../../actors/clients.ts';
import { type Clock, systemClock } from '../../actors/clock.ts';
import { listen } from '../../actors/listener.ts';
import { silentNotes } from '../../actors/note.ts';
import { systemRandom } from '../../actors/random.ts';
import { Replica } from '../../actors/replica.ts';
import { type Settings, settingsWith } from '../../actors/settings.ts';
import { openStores, type Stores } from '../../storage/stores.ts';

const noWords: Words = { isWord: () => false, answer: () => '' };

export interface TestReplicaOptions {
  readonly settings?: Partial<Settings>;
  readonly clock?: Clock;
  /** Data of an earlier replica; a fresh folder otherwise. */
  readonly dataDir?: string;
  readonly stores?: (opened: Stores) => Stores;
  readonly makeWords?: (replica: Replica) => Words;
  /** It is about to start. */
  readonly made?: (replica: Replica) => void;
  readonly aborted?: (reason: string) => void;
}

export interface TestReplica {
  readonly replica: Replica;
  readonly port: number;
  readonly dataDir: string;
  /** Stops it and keeps its data. */
  stop(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** Small, as all of it is written ahead. */
export const usualSegmentBytes = 4 * 1024 * 1024;

/** Each replica of a process has a lock number of its own: they stand for processes. */
let fakePid = 2 ** 24;

export async function startReplica(options: TestReplicaOptions = {}): Promise<TestReplica> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'natskeeper-'));
  const usual = { tickTimeMs: 2000, maxClientCnxns: 0, logSegmentBytes: usualSegmentBytes };
  const settings = settingsWith({ ...usual, ...options.settings, dataDir });
  const opened = await openStores(
    settings.dataDir,
    settings.dataLogDir,
    fakePid++,
    settings.logSegmentBytes,
  );
  const replica = new Replica({
    settings,
    clock: options.clock ?? systemClock,
    random: systemRandom,
    links: null,
    stores: options.stores?.(opened) ?? opened,
    notes: silentNotes,
    listen: (accept) =>
      listen(
        {
          host: '127.0.0.1',
          port: 0,
          backlog: settings.clientPortListenBacklog,
          keepAlive: false,
          connectionsPerAddressMax: settings.maxClientCnxns,
          connectionsMax: settings.maxCnxns,
          onRefused: () => {},
        },
        accept,
      ),
    makeWords: options.makeWords ?? (() => noWords),
    aborted: options.aborted ?? ((reason) => expectNoAbort(reason)),
  });
  options.made?.(replica);
  await replica.start();
  const stop = () => replica.stop();
  return {
    replica,
    port: replica.address!.port,
    dataDir,
    stop,
    remove: async () => {
      await stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function expectNoAbort(reason: string): never {
  throw new Error(`the replica ended: ${reason}`);
}
