/**
 * A whole replica without network, disk or time: sockets are objects, the log is memory, the clock
 * moves when told. Everything between them is the real thing. Its chance is seeded, so that a run
 * can be repeated exactly.
 */

import type { AcceptSocket } from '../../actors/client-socket.ts';
import type { Words } from '../../actors/clients.ts';
import { silentNotes } from '../../actors/note.ts';
import { Replica } from '../../actors/replica.ts';
import { type Settings, settingsWith } from '../../actors/settings.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeSocket } from './fake-socket.ts';
import { HeldLog } from './held-log.ts';
import { MemorySnapshots } from './memory-snapshots.ts';
import { memoryStores } from './memory-stores.ts';
import { SeededRandom } from './seeded-random.ts';

const noWords: Words = { isWord: () => false, answer: () => '' };

export class FakeReplica {
  readonly clock = new FakeClock();
  readonly log = new HeldLog();
  readonly snapshots = new MemorySnapshots();
  readonly replica: Replica;
  #accept: AcceptSocket = () => {};
  #port = 1;

  private constructor(seed: number, settings: Partial<Settings>, words: Words) {
    const random = new SeededRandom(seed);
    this.replica = new Replica({
      settings: settingsWith({ tickTimeMs: 2000, ...settings, dataDir: 'none' }),
      clock: this.clock,
      random: { unit: () => random.unit(), bytes: (count) => random.bytes(count) },
      links: null,
      stores: memoryStores(this.log, this.snapshots),
      notes: silentNotes,
      listen: async (accept) => {
        this.#accept = accept;
        return { address: { host: '127.0.0.1', port: 1 }, close: async () => {} };
      },
      makeWords: () => words,
      aborted: (reason) => {
        throw new Error(`the replica ended: ${reason}`);
      },
    });
  }

  static async start(
    seed: number,
    settings: Partial<Settings> = {},
    words: Words = noWords,
  ): Promise<FakeReplica> {
    const fake = new FakeReplica(seed, settings, words);
    const started = fake.replica.start();
    await fake.settle();
    await started;
    return fake;
  }

  /** A client connects. */
  connect(): FakeSocket {
    const socket = new FakeSocket(this.#port++);
    this.#accept(socket);
    return socket;
  }

  /** Turns pass until nothing is left to do. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 3; ) {
      idle = this.clock.deferredCount === 0 ? idle + 1 : 0;
      this.clock.endTurn();
      // A resolved flush comes back through a few promise turns.
      for (let turn = 0; turn < 6; turn++) await Promise.resolve();
    }
  }

  async stop(): Promise<void> {
    const stopped = this.replica.stop();
    await this.settle();
    await stopped;
  }
}
