/** What replicas said to be when they were asked, again and again: tells what is new. */

/** So many times in a row nothing was said before what was said last counts no more. */
const silencesMax = 3;

export class SeenModes {
  readonly #modes = new Map<number, string>();
  readonly #silences = new Map<number, number>();

  /** `mode` null: it gave no answer, or serves nobody. Returns whether this is not what it was. */
  isNew(sid: number, mode: string | null): boolean {
    if (mode === null) {
      const silences = (this.#silences.get(sid) ?? 0) + 1;
      this.#silences.set(sid, silences);
      if (silences >= silencesMax) this.#modes.delete(sid);
      return false;
    }
    this.#silences.delete(sid);
    if (this.#modes.get(sid) === mode) return false;
    this.#modes.set(sid, mode);
    return true;
  }

  /** Its process has ended: what its next one is, is new. */
  forget(sid: number): void {
    this.#modes.delete(sid);
  }
}
