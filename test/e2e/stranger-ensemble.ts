/**
 * Somebody on the bus who is no replica: hears all that the replicas say to each other, and says it
 * again, late, cut, or with bits flipped, and noise besides, on every subject of the ensemble.
 */

import { systemClock } from '../../actors/clock.ts';
import { NatsBus } from '../../actors/nats-bus.ts';
import { silentNotes } from '../../actors/note.ts';
import { systemRandom } from '../../actors/random.ts';
import { pause } from '../support/zoo-process.ts';

interface Overheard {
  readonly subject: string;
  readonly frame: Buffer;
}

const framesKept = 4000;
const everyMs = 5;
const perTurn = 8;

export class Stranger {
  readonly #bus: NatsBus;
  readonly #random: () => number;
  /** A ring of what was heard last, and the first frames that were ever heard. */
  readonly #heard: Overheard[] = [];
  #at = 0;
  #isOver = false;
  #speaking: Promise<void> = Promise.resolve();
  heard = 0;
  said = 0;

  constructor(url: string, ensemble: string, random: () => number) {
    this.#random = random;
    this.#bus = NatsBus.open({
      ...{ servers: url, name: 'stranger', notes: silentNotes },
      ...{ clock: systemClock, random: systemRandom },
    });
    this.#bus.subscribe(`natskeeper.${ensemble}.>`, (frame, subject) => {
      this.heard++;
      this.#keep({ subject, frame: Buffer.from(frame) });
    });
  }

  /** The first half stays for ever: frames of former epochs and former lives. */
  #keep(overheard: Overheard): void {
    if (this.#heard.length < framesKept) this.#heard.push(overheard);
    else this.#heard[framesKept / 2 + (this.#at++ % (framesKept / 2))] = overheard;
  }

  speak(disguise: (frame: Buffer, random: () => number) => Buffer): void {
    this.#isOver = false;
    this.#speaking = this.#speak(disguise);
  }

  async #speak(disguise: (frame: Buffer, random: () => number) => Buffer): Promise<void> {
    while (!this.#isOver) {
      for (let count = 0; count < perTurn && this.#heard.length > 0; count++) {
        const { subject, frame } = this.#any();
        this.#bus.publish(subject, disguise(frame, this.#random));
        this.said++;
      }
      await pause(everyMs);
    }
  }

  #any(): Overheard {
    return this.#heard[Math.floor(this.#random() * this.#heard.length)]!;
  }

  async fallSilent(): Promise<void> {
    this.#isOver = true;
    await this.#speaking;
  }

  async leave(): Promise<void> {
    await this.fallSilent();
    await this.#bus.close();
  }
}

/** Says again what somebody said. */
export function replayed(frame: Buffer): Buffer {
  return frame;
}

export function truncated(frame: Buffer, random: () => number): Buffer {
  return frame.subarray(0, Math.floor(random() * frame.length));
}

/** No frame at all. */
export function noise(frame: Buffer, random: () => number): Buffer {
  return Buffer.from(frame.map(() => Math.floor(random() * 256)));
}

/** A header that looks right, and behind it nothing that is. */
export function disguised(frame: Buffer, random: () => number): Buffer {
  const header = 24;
  return Buffer.concat([frame.subarray(0, header), noise(frame.subarray(header), random)]);
}
