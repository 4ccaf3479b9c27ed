/**
 * Hosts the election's machine: tells our vote to all, counts theirs, and notices who of them falls
 * silent.
 */

import { electionMachine } from '../machines/election.ts';
import type { QuorumSystem, Vote } from '../machines/quorum.ts';
import { MachineHost } from './host.ts';
import type { Tap } from './tap.ts';

export interface ElectionPorts {
  sendVote(): void;
  elected(leader: number): void;
}

/** How long a decided vote waits for a better one; and who is silent for longer is gone: ticks. */
const finalizeTicks = 4;
const lostTicks = 12;

export class Election {
  readonly #host: MachineHost<typeof electionMachine>;
  /** Last tick at which a looking replica was heard. */
  readonly #heard = new Map<number, number>();
  #tick = 0;

  constructor(sid: number, ports: ElectionPorts, tap: Tap) {
    this.#host = new MachineHost(
      electionMachine,
      {
        sendVote: () => ports.sendVote(),
        concludeElection: ({ leader }: { leader: number }) => ports.elected(leader),
      },
      { input: { sid, finalizeTicks }, tap },
    );
  }

  get isLooking(): boolean {
    return this.#host.state === 'looking';
  }

  get round(): number {
    return this.#host.context.round;
  }

  get vote(): Vote {
    return this.#host.context.vote;
  }

  begin(
    quorum: QuorumSystem,
    history: { readonly zxid: number; readonly epoch: number },
    lost: readonly number[],
    tick: number,
  ): void {
    this.#tick = tick;
    this.#heard.clear();
    this.#host.send({ type: 'tick', tick });
    this.#host.send({ type: 'election.begun', quorum, ...history, lost });
  }

  voteReceived(from: number, round: number, vote: Vote): void {
    if (!this.isLooking) return;
    this.#heard.set(from, this.#tick);
    this.#host.send({ type: 'vote.received', from, round, vote });
  }

  /** A leader that a quorum follows was heard. */
  leaderHeard(leader: number): void {
    if (this.isLooking) this.#host.send({ type: 'leader.heard', leader });
  }

  /** Between elections its machine need not know the time. */
  tick(tick: number): void {
    this.#tick = tick;
    if (!this.isLooking) return;
    for (const [sid, heard] of this.#heard) {
      if (tick - heard <= lostTicks) continue;
      this.#heard.delete(sid);
      this.#host.send({ type: 'peer.lost', from: sid });
    }
    this.#host.send({ type: 'tick', tick });
  }
}
