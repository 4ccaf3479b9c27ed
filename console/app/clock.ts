/** The browser's clock: the one place of the app that reads the time or sets a timer. */

/** ms since 1970. */
export function wallNow(): number {
  return Date.now();
}

/** ms, never going back. */
export function monoNow(): number {
  return performance.now();
}

/** Calls once, later, unless what it returns is called first. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Calls again and again, until what it returns is called. */
export function every(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms);
  return () => clearInterval(timer);
}

/** Calls before the next picture is drawn; never while the page is hidden. */
export function onFrame(run: () => void): void {
  requestAnimationFrame(run);
}
