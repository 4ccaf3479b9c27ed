/** The page ensemble: not built yet. */

export function EnsemblePage() {
  return <p class="muted">not built yet</p>;
}
