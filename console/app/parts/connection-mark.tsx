/** How the page is connected, how old it is while it is not, and how much was left out. */

import { wallNow } from '../clock.ts';
import { ageText, countText } from '../figures.ts';
import { useLive } from '../live.ts';

export function ConnectionMark() {
  const connection = useLive((live) => live.connection);
  // A second ages what is shown, so the text is what is compared.
  const text = useLive((live) =>
    live.lostAtMs === null ? '' : `as of ${ageText(wallNow() - live.lostAtMs)} ago`,
  );
  const dropped = useLive((live) => live.dropped);
  const isAdmin = useLive((live) => live.about?.isAdmin ?? false);
  return (
    <span class="connection" role="status">
      {dropped > 0 && (
        <span class="muted" title="Records that were left out, as there were too many to show">
          {countText(dropped)} left out
        </span>
      )}
      <span class="muted">{isAdmin ? 'admin' : 'read-only'}</span>
      <span class={`dot dot-${connection}`} />
      {connection === 'open'
        ? 'live'
        : `${connection === 'closed' ? 'cut off' : connection} ${text}`}
    </span>
  );
}
