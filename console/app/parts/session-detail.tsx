/** One session: its figures, ephemeral znodes and watches, with links to tree and charts. */

import { countText, msText } from '../figures.ts';
import { ask } from '../live.ts';
import { gatherSession, type PlacedDetail } from '../logic/session-load.ts';
import { linkTo } from '../route.ts';
import { staleText, useAsked } from './asked.ts';
import { VirtualList } from './virtual-list.tsx';
import { WatchLine } from './watch-table.tsx';

const refreshMs = 2_000;

export function SessionDetailPanel({ sids, id }: { sids: readonly number[]; id: string }) {
  const asked = useAsked(`${sids.join(' ')} ${id}`, () => gatherSession(ask, sids, id), refreshMs);
  const stale = staleText(asked);
  return (
    <aside class="card session-detail" aria-label="Session">
      <h2 class="row">
        <span class="mono grow">{id}</span>
        <a href={linkTo('sessions')} title="Close" class="close-mark">
          ×
        </a>
      </h2>
      {stale !== '' && <p class="warning">{stale}</p>}
      {asked.value === null ? (
        <p class="muted padded">
          {asked.atMs === null ? 'Asking …' : 'No replica knows this session (any more).'}
        </p>
      ) : (
        <Detail detail={asked.value} isStale={stale !== ''} />
      )}
    </aside>
  );
}

function Detail({ detail, isStale }: { detail: PlacedDetail; isStale: boolean }) {
  const { ephemeralPaths: paths, watchList: watches } = detail;
  return (
    <div class={`session-parts ${isStale ? 'is-stale' : ''}`}>
      <table class="facts">
        <tbody>
          <Fact name="state" value={detail.state} />
          <Fact
            name="connection"
            value={
              detail.from === null
                ? 'elsewhere, or away'
                : `${detail.from} at replica ${detail.sid}, ${detail.connectionState ?? 'unknown'}`
            }
          />
          <Fact name="timeout" value={msText(detail.timeoutMs)} />
          <Fact name="idle" value={msText(detail.idleMs)} />
          <Fact name="kind" value={detail.isLocal ? 'local' : 'global'} />
          <Fact name="requests" value={requestsText(detail)} />
        </tbody>
      </table>
      <p class="padded">
        <a href={linkTo('charts', `${detail.sid}:session.${detail.id}`)}>State chart</a>
      </p>
      <h3>Ephemeral znodes {countOf(paths.length, detail.ephemerals)}</h3>
      <VirtualList
        class={paths.length === 0 ? 'detail-list is-empty' : 'detail-list'}
        rows={paths.length}
        rowPx={22}
        row={(at) => (
          <a class="mono cut" href={linkTo('tree', paths[at]!)} title={paths[at]!}>
            {paths[at]!}
          </a>
        )}
      />
      <h3>Watches {countOf(watches.length, detail.watches)}</h3>
      <VirtualList
        class="detail-list"
        rows={watches.length}
        rowPx={22}
        row={(at) => <WatchLine entry={watches[at]!} label="path" />}
      />
    </div>
  );
}

const requestsText = ({ received, sent, queued }: PlacedDetail): string =>
  `${countText(received)} received, ${countText(sent)} answers sent, ${countText(queued)} queued`;

const countOf = (shown: number, all: number): string =>
  shown < all ? `(first ${shown} of ${all})` : `(${shown})`;

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <tr>
      <th>{name}</th>
      <td>{value}</td>
    </tr>
  );
}
