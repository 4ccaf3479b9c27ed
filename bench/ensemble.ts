/**
 * A running ensemble of either side: its servers as processes, the nats-server if it needs one, all
 * with fresh data in one folder. Servers can be killed and started again one by one.
 */

import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bus, startBus } from './bus.ts';
import { modeOf } from './four-letter-word.ts';
import { freePorts } from './ports.ts';
import { end, hasEnded, type Processes } from './processes.ts';
import type { Side } from './side.ts';
import { pause, until } from './time.ts';
import { withSettings, zooConfig } from './zoo-config.ts';

export interface Shape {
  /** One alone runs standalone. */
  readonly voters: number;
  readonly observers?: number;
  /** More lines of zoo.cfg. */
  readonly settings?: readonly string[];
  /** Of one member. */
  readonly settingsOf?: (sid: number) => readonly string[];
  readonly heapMegabytes?: number;
}

export interface Member {
  readonly sid: number;
  readonly port: number;
  readonly folder: string;
  readonly isVoter: boolean;
  /** Its latest process. */
  child: ChildProcess | null;
}

const startMsMax = 120_000;
const usualHeapMegabytes = 1024;

export class Ensemble {
  readonly side: Side;
  readonly members: Member[] = [];
  readonly folder: string;
  readonly #processes: Processes;
  readonly #shape: Shape;
  bus: Bus | null = null;

  private constructor(side: Side, shape: Shape, processes: Processes) {
    this.side = side;
    this.#shape = shape;
    this.#processes = processes;
    this.folder = processes.makeFolder(side.name);
  }

  /** Resolves when all serve. */
  static async start(side: Side, shape: Shape, processes: Processes): Promise<Ensemble> {
    const ensemble = new Ensemble(side, shape, processes);
    try {
      await ensemble.#start(shape);
    } catch (failure) {
      await ensemble.stop();
      throw failure;
    }
    return ensemble;
  }

  async #start({ voters, observers = 0 }: Shape): Promise<void> {
    if (this.side.needsBus && voters + observers > 1) {
      const program = this.side.busProgram ?? 'nats-server';
      this.bus = await startBus(program, join(this.folder, 'bus.log'), this.#processes);
    }
    const ports = await freePorts(3 * (voters + observers));
    const servers: string[] = [];
    for (let sid = 1; sid <= voters + observers; sid++) {
      const [clientPort, quorumPort, electionPort] = ports.slice(3 * (sid - 1)) as number[];
      const isVoter = sid <= voters;
      const role = isVoter ? 'participant' : 'observer';
      servers.push(`server.${sid}=127.0.0.1:${quorumPort}:${electionPort}:${role}`);
      const folder = join(this.folder, String(sid));
      mkdirSync(join(folder, 'data'), { recursive: true });
      this.members.push({ sid, port: clientPort!, folder, isVoter, child: null });
    }
    for (const member of this.members) {
      this.#configure(member, servers);
      this.launch(member);
    }
    for (const member of this.members) await this.serving(member);
  }

  #configure(member: Member, servers: readonly string[]): void {
    const { settings: all = [], settingsOf } = this.#shape;
    const settings = [...all, ...(settingsOf?.(member.sid) ?? [])];
    const busPort = this.bus?.port ?? null;
    writeFileSync(join(member.folder, 'data', 'myid'), `${member.sid}\n`);
    writeFileSync(configOf(member), zooConfig(member, { servers, settings, busPort }));
  }

  /** Settings for the next start of all members. */
  configureMore(settings: readonly string[]): void {
    for (const member of this.members) {
      const file = configOf(member);
      writeFileSync(file, withSettings(readFileSync(file, 'utf8'), settings));
    }
  }

  kill({ child }: Member): void {
    child?.kill('SIGKILL');
  }

  /** Starts a member's process; it does not serve yet. */
  launch(member: Member): void {
    const heap = this.#shape.heapMegabytes ?? usualHeapMegabytes;
    const command = this.side.command(configOf(member), heap);
    member.child = this.#processes.startServer(command, { log: join(member.folder, 'log') });
  }

  async serving(member: Member): Promise<void> {
    const log = () => readFileSync(join(member.folder, 'log'), 'utf8').slice(-2000);
    const about = () => `${this.side.name} ${member.sid} serves\n${log()}`;
    const isServing = async () => {
      if (member.child === null || hasEnded(member.child)) throw new Error(`it ended: ${about()}`);
      return (await modeOf(member.port)) !== '';
    };
    await until(isServing, { msMax: startMsMax, stepMs: 10, about });
  }

  /** As clients take it: the voters, `host:port` each. */
  get addresses(): string {
    const voters = this.members.filter(({ isVoter }) => isVoter);
    return voters.map(addressOf).join(',');
  }

  /** Of all that this side runs. */
  get pids(): number[] {
    const children = [...this.members.map(({ child }) => child), this.bus?.child];
    return children.flatMap((child) => (child?.pid === undefined ? [] : [child.pid]));
  }

  /** The one that leads; one alone leads itself. */
  async leader(): Promise<Member> {
    let found: Member | undefined;
    const look = async () => {
      for (const member of this.members) {
        const mode = await modeOf(member.port);
        if (mode === 'leader' || mode === 'standalone') found = member;
      }
      return found !== undefined;
    };
    await until(look, { msMax: startMsMax, about: () => `${this.side.name} has a leader` });
    return found!;
  }

  async follower(): Promise<Member> {
    const leader = await this.leader();
    return this.members.find((member) => member !== leader) ?? leader;
  }

  /** Ends all its processes and removes its data. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ child }) => child && end(child, 'SIGKILL')));
    if (this.bus !== null) await end(this.bus.child, 'SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    // What was written meanwhile is not to be paid for by the next one.
    await pause(300);
  }
}

export function addressOf({ port }: Member): string {
  return `127.0.0.1:${port}`;
}

function configOf({ folder }: Member): string {
  return join(folder, 'zoo.cfg');
}
