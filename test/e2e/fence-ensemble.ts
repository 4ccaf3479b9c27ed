/**
 * A number that only rises, and somebody at each replica who keeps asking for it by sync and read:
 * whoever asks after a rise was acknowledged must not be told an older number, whatever happened to
 * the replica meanwhile. A leader that was deposed without noticing would be found out by this.
 */

import { type Client, ConnectionLossError, connect } from '../../client/client.ts';
import { pause } from '../support/zoo-process.ts';
import type { Ensemble } from './ensemble.ts';
import { memberClient } from './writers-ensemble.ts';

const path = '/fence';
const everyMs = 10;

export class Fence {
  readonly #writer: Client;
  readonly #probes: Client[];
  readonly #faults: Error[] = [];
  readonly #unanswered = new Set<Promise<void>>();
  #isOver = false;
  #isResting = false;
  #whenResting: (() => void) | null = null;
  #loops: Promise<void>[] = [];
  /** The highest number that is known to be there. */
  #risen = 0;
  /** Answers of each replica, by sid; for those who want to know that there were any. */
  readonly answers: number[];

  private constructor(writer: Client, probes: Client[]) {
    this.#writer = writer;
    this.#probes = probes;
    this.answers = probes.map(() => 0);
  }

  static async begin(ensemble: Ensemble): Promise<Fence> {
    const writer = await connect(ensemble.addressesFrom(1), memberClient);
    await writer.create(path, '0');
    const probes: Client[] = [];
    for (const sid of ensemble.sids) {
      const probe = await connect(ensemble.keeper(sid).address, memberClient);
      await probe.sync(path);
      probes.push(probe);
    }
    const fence = new Fence(writer, probes);
    fence.#loops = [fence.#raise(), ...probes.map((probe, at) => fence.#ask(probe, at))];
    return fence;
  }

  async #raise(): Promise<void> {
    for (let number = 1; !this.#isOver; number++) {
      while (this.#isResting && !this.#isOver) {
        this.#whenResting?.();
        await pause(everyMs);
      }
      try {
        await this.#writer.setData(path, String(number));
        this.#risen = number;
      } catch (failure) {
        // Done or not, and never later: the session has moved before the next one is sent.
        if (!(failure instanceof ConnectionLossError)) return this.#note(failure as Error);
        await this.#writer.connected().catch((late: Error) => this.#note(late));
      }
      await pause(1);
    }
  }

  /** Does not wait for an answer before it asks again: some must be asked in the very moment. */
  async #ask(probe: Client, at: number): Promise<void> {
    while (!this.#isOver) {
      if (probe.state === 'connected' && this.#unanswered.size < 5000) {
        const answer = this.#question(probe, at);
        this.#unanswered.add(answer);
        void answer.then(() => this.#unanswered.delete(answer));
      }
      await pause(everyMs);
    }
  }

  async #question(probe: Client, at: number): Promise<void> {
    const least = this.#risen;
    try {
      const [, { data }] = await Promise.all([probe.sync(path), probe.getData(path)]);
      const number = Number(`${data}`);
      if (number < least) {
        throw new Error(`replica ${at + 1} answered ${number} after ${least} was acknowledged`);
      }
      this.#risen = Math.max(this.#risen, number);
      this.answers[at]!++;
    } catch (failure) {
      if (!(failure instanceof ConnectionLossError)) this.#note(failure as Error);
    }
  }

  #note(failure: Error): void {
    this.#faults.push(failure);
  }

  go(): void {
    this.#isResting = false;
  }

  /** Resolves when the number rises no more; the asking goes on. */
  async rest(): Promise<void> {
    this.#isResting = true;
    const resting = new Promise<void>((done) => {
      this.#whenResting = done;
    });
    // It may have come to an end by a fault.
    await Promise.race([resting, this.#loops[0]]);
  }

  check(): void {
    if (this.#faults.length > 0) throw this.#faults[0];
  }

  /** Also where nothing answers any more. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all([this.#writer, ...this.#probes].map((client) => client.close()));
    await Promise.all([...this.#loops, ...this.#unanswered]);
  }
}
