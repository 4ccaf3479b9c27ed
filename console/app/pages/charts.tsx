/** The page charts: not built yet. */

export function ChartsPage() {
  return <p class="muted">not built yet</p>;
}
