/** Real time: to pause, and to wait until something holds. */

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export interface Patience {
  readonly msMax: number;
  readonly stepMs?: number;
  /** Completes "within 30 s: …". */
  readonly about: () => string;
}

export async function until(
  isDone: () => boolean | Promise<boolean>,
  { msMax, stepMs = 20, about }: Patience,
): Promise<void> {
  const startedMs = performance.now();
  while (!(await isDone())) {
    if (performance.now() - startedMs > msMax) {
      throw new Error(`not within ${msMax / 1000} s: ${about()}`);
    }
    await pause(stepMs);
  }
}
