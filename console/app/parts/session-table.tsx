/** All sessions as a table of which only the rows in view are drawn; a click opens one. */

import { useMemo, useState } from 'preact/hooks';
import { ageText, countText, msText, pluralText } from '../figures.ts';
import { ask } from '../live.ts';
import { gatherSessions } from '../logic/session-load.ts';
import { type PlacedSession, type SessionColumn, sortedSessions } from '../logic/session-merge.ts';
import { linkTo } from '../route.ts';
import { staleText, useAsked } from './asked.ts';
import { VirtualList } from './virtual-list.tsx';

interface SessionTableProps {
  readonly sids: readonly number[];
  readonly text: string;
  /** Id of the session that is open. */
  readonly chosen: string | null;
}

const columns: readonly { name: string; column: SessionColumn; class: string }[] = [
  { name: 'Session', column: 'id', class: 'c-id' },
  { name: 'State', column: 'state', class: 'c-state' },
  { name: 'From', column: 'from', class: 'c-from' },
  { name: 'Timeout', column: 'timeoutMs', class: 'c-num' },
  { name: 'Idle', column: 'idleMs', class: 'c-num' },
  { name: 'Ephem.', column: 'ephemerals', class: 'c-num' },
  { name: 'Watches', column: 'watches', class: 'c-num' },
  { name: 'Queued', column: 'queued', class: 'c-num' },
];

const refreshMs = 2_000;

export function SessionTable({ sids, text, chosen }: SessionTableProps) {
  const [order, setOrder] = useState<{ column: SessionColumn; isDown: boolean }>({
    column: 'id',
    isDown: false,
  });
  const key = `${sids.join(' ')} ${text}`;
  const asked = useAsked(key, () => gatherSessions(ask, sids, text), refreshMs);
  const rows = useMemo(
    () => sortedSessions(asked.value?.rows ?? [], order.column, order.isDown),
    [asked.value, order],
  );
  const stale = staleText(asked);
  return (
    <section class="card sessions-list" aria-label="Sessions">
      <div class="session-row session-head">
        {columns.map(({ name, column, class: style }) => (
          <button
            key={column}
            type="button"
            class={`quiet ${style}`}
            onClick={() =>
              setOrder({
                column,
                isDown: order.column === column ? !order.isDown : style === 'c-num',
              })
            }
          >
            {name}
            {order.column === column ? (order.isDown ? ' ↓' : ' ↑') : ''}
          </button>
        ))}
        <span class="c-kind">Kind</span>
      </div>
      <VirtualList
        class={`sessions-rows ${stale === '' ? '' : 'is-stale'}`}
        label="Sessions"
        rows={rows.length}
        rowPx={26}
        row={(at) => <SessionLine row={rows[at]!} isChosen={rows[at]!.id === chosen} />}
      />
      <p class="list-foot muted">
        {asked.value === null
          ? stale || 'Asking …'
          : [pluralText(rows.length, 'session'), ...notesOf(asked.value), stale]
              .filter((note) => note !== '')
              .join(' · ')}
      </p>
    </section>
  );
}

function notesOf({ rows, total, missing }: { rows: readonly unknown[] } & Counted): string[] {
  const notes = [...missing];
  if (total > rows.length) {
    notes.unshift(`the first of ${total.toLocaleString('en')}: the filter finds the others`);
  }
  return notes;
}

interface Counted {
  readonly total: number;
  readonly missing: readonly string[];
}

function SessionLine({ row, isChosen }: { row: PlacedSession; isChosen: boolean }) {
  return (
    <a
      class={`session-row ${isChosen ? 'is-chosen' : ''}`}
      href={isChosen ? linkTo('sessions') : linkTo('sessions', row.id)}
    >
      <span class="c-id mono">{row.id}</span>
      <span class="c-state" title={`${row.state} ${row.connectionState ?? ''}`}>
        {row.state}
        {row.connectionState !== null && <span class="muted"> · {row.connectionState}</span>}
      </span>
      <span class="c-from mono">
        {row.from ?? <span class="muted">away</span>}
        {row.from !== null && <span class="muted"> @{row.sid}</span>}
      </span>
      <span class="c-num num">{msText(row.timeoutMs)}</span>
      <span class="c-num num">{row.idleMs < 1_000 ? '< 1 s' : ageText(row.idleMs)}</span>
      <span class="c-num num">{countText(row.ephemerals)}</span>
      <span class="c-num num">{countText(row.watches)}</span>
      <span class="c-num num">{countText(row.queued)}</span>
      <span class="c-kind muted">{row.isLocal ? 'local' : 'global'}</span>
    </a>
  );
}
