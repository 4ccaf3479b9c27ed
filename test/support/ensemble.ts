/**
 * An ensemble inside the test's own process: whole replicas with real sockets and real files, on a
 * bus in the same process, with the system's clock. For tests that need to look inside; those that
 * need real processes and a real bus are in test/e2e.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BusLinks } from '../../actors/bus.ts';
import { systemClock } from '../../actors/clock.ts';
import { FourLetterWords } from '../../actors/four-letter-words.ts';
import { listen } from '../../actors/listener.ts';
import { LocalHub } from '../../actors/local-bus.ts';
import { type Notes, silentNotes } from '../../actors/note.ts';
import { systemFacts } from '../../actors/process-facts.ts';
import { systemRandom } from '../../actors/random.ts';
import { Replica } from '../../actors/replica.ts';
import { viewOf } from '../../actors/replica-view.ts';
import { type Settings, settingsWith } from '../../actors/settings.ts';
import { parseServerSpec } from '../../protocol/server-spec.ts';
import { openStores } from '../../storage/stores.ts';

export interface Member {
  readonly sid: number;
  readonly dataDir: string;
  replica: Replica;
  links: BusLinks;
  port: number;
  isUp: boolean;
}

export interface EnsembleOptions {
  readonly voters?: number;
  readonly observers?: number;
  readonly settings?: Partial<Settings>;
  readonly notes?: (sid: number) => Notes;
}

let fakePid = 2 ** 25;

export class TestEnsemble {
  readonly hub = new LocalHub();
  readonly members: Member[] = [];
  readonly #options: EnsembleOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'natskeeper-ensemble-'));

  constructor(options: EnsembleOptions = {}) {
    this.#options = options;
  }

  static async start(options: EnsembleOptions = {}): Promise<TestEnsemble> {
    const ensemble = new TestEnsemble(options);
    const { voters = 3, observers = 0 } = options;
    for (let sid = 1; sid <= voters + observers; sid++) await ensemble.startMember(sid);
    return ensemble;
  }

  #settings(sid: number): Settings {
    const { voters = 3, observers = 0, settings } = this.#options;
    const servers = Array.from({ length: voters + observers }, (_, at) =>
      parseServerSpec(at + 1, `127.0.0.1:2888:3888:${at < voters ? 'participant' : 'observer'}`),
    );
    return settingsWith({
      ...{ tickTimeMs: 2000, maxClientCnxns: 0, ensemble: 'test', sid, servers },
      fourLetterWords: null,
      ...settings,
      dataDir: join(this.#directory, String(sid)),
    } as never);
  }

  async startMember(sid: number): Promise<Member> {
    const settings = this.#settings(sid);
    const bus = this.hub.attach();
    const links = { zab: bus, election: bus, bulk: bus };
    const stores = await openStores(settings.dataDir, settings.dataLogDir, fakePid++);
    const replica: Replica = new Replica({
      settings,
      clock: systemClock,
      random: systemRandom,
      links,
      stores,
      notes: this.#options.notes?.(sid) ?? silentNotes,
      listen: (accept) =>
        listen(
          {
            ...{ host: '127.0.0.1', port: 0, backlog: 511, keepAlive: false },
            ...{ connectionsPerAddressMax: 0, connectionsMax: 0, onRefused: () => {} },
          },
          accept,
        ),
      makeWords: (made) => new FourLetterWords(viewOf(made), systemFacts),
      aborted: (reason) => {
        throw new Error(`replica ${sid} ended: ${reason}`);
      },
      rebuild: () => void this.startMember(sid),
      refused: () => {},
    });
    await replica.start();
    const member = {
      ...{ sid, dataDir: settings.dataDir, replica, links, isUp: true },
      port: replica.address!.port,
    };
    const at = this.members.findIndex((known) => known.sid === sid);
    if (at < 0) this.members.push(member);
    else this.members[at] = member;
    return member;
  }

  get leader(): Member | undefined {
    return this.members.find(
      ({ replica, isUp }) => isUp && replica.mode === 'leader' && replica.isServing,
    );
  }

  async stopMember(sid: number): Promise<void> {
    const member = this.members.find((one) => one.sid === sid)!;
    member.isUp = false;
    await member.replica.stop();
  }

  async remove(): Promise<void> {
    for (const member of this.members) if (member.isUp) await this.stopMember(member.sid);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
