/**
 * What a script does to frames on the bus: some are lost, some are held, and with them all that
 * comes behind them over the same connection, as a connection does that stalls.
 */

import type { NetGuard, SimBus } from '../simulation/sim-bus.ts';
import { type SeenFrame, seeFrame } from './frame-names.ts';

export interface Rule {
  readonly does: 'lose' | 'hold';
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Only the first one. */
  readonly isOnce: boolean;
}

export type Passing = 'sends' | 'gets';

export class Rules implements NetGuard {
  readonly rules: Rule[] = [];
  readonly listeners = new Set<(passing: Passing, frame: SeenFrame) => void>();
  readonly #arrived: (frame: SeenFrame) => void;
  /** Frames that are held, by connection; in order. */
  readonly #held = new Map<SimBus, Map<SimBus, (() => void)[]>>();

  constructor(arrived: (frame: SeenFrame) => void) {
    this.#arrived = arrived;
  }

  leaves(source: SimBus, target: SimBus, bytes: Uint8Array, pass: () => void): boolean {
    const frame = seeFrame(source.sid, target.sid, bytes);
    if (frame === null) return true;
    for (const listen of this.listeners) listen('sends', frame);
    const behind = this.#held.get(source)?.get(target);
    if (behind !== undefined) {
      behind.push(pass);
      return false;
    }
    const at = this.rules.findIndex(
      ({ name, from, to }) => name === frame.name && from === frame.from && to === frame.to,
    );
    if (at < 0) return true;
    const { does, isOnce } = this.rules[at]!;
    if (isOnce) this.rules.splice(at, 1);
    if (does === 'hold') this.#hold(source, target, pass);
    return false;
  }

  #hold(source: SimBus, target: SimBus, pass: () => void): void {
    const targets = this.#held.get(source) ?? new Map<SimBus, (() => void)[]>();
    this.#held.set(source, targets.set(target, [pass]));
  }

  arrives(source: SimBus, target: SimBus, bytes: Uint8Array): void {
    const frame = seeFrame(source.sid, target.sid, bytes);
    if (frame === null) return;
    for (const listen of this.listeners) listen('gets', frame);
    this.#arrived(frame);
  }

  /** No rule holds any more, and what was held goes on its way. */
  release(): void {
    this.rules.length = 0;
    const held = [...this.#held.values()].flatMap((targets) => [...targets.values()]);
    this.#held.clear();
    for (const pass of held.flat()) pass();
  }
}
