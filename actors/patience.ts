/**
 * How long a leader may be silent before it counts as gone: as long as its heartbeats have lately
 * been apart, several times over, within bounds. A machine under load is given more time than an
 * idle one, so that load alone causes no election.
 */

const ticksMin = 8;
const ticksMax = 100;
/** A gap counts for so long. */
const memoryTicks = 500;
const factor = 3;

export class Patience {
  #lastTick = 0;
  /** Widest gap of the current and of the previous stretch of memory. */
  #widest = 0;
  #widestBefore = 0;
  #since = 0;

  get ticks(): number {
    const widest = Math.max(this.#widest, this.#widestBefore);
    return Math.min(ticksMax, Math.max(ticksMin, widest * factor));
  }

  heard(tick: number): void {
    if (this.#lastTick > 0 && tick > this.#lastTick) {
      this.#widest = Math.max(this.#widest, Math.min(tick - this.#lastTick, ticksMax));
    }
    this.#lastTick = tick;
    if (tick - this.#since < memoryTicks) return;
    this.#since = tick;
    this.#widestBefore = this.#widest;
    this.#widest = 0;
  }

  /** Another leader: the time between the two was nobody's silence. */
  restart(): void {
    this.#lastTick = 0;
  }
}
