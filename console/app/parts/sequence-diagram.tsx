/**
 * The frames between replicas, one below the other, newest at the bottom. It follows them until
 * somebody scrolls back or pauses; only the rows that are in view are in the page.
 */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { type FrameKind, frameKinds } from '../frame-kinds.ts';
import { live, useLive } from '../live.ts';
import { rowsInView, SequenceRows } from '../sequence-rows.ts';
import { FrameDetails } from './frame-details.tsx';
import { SequenceRowArrow } from './sequence-row.tsx';
import { useSize } from './use-size.ts';

const rowHeight = 22;
const timeWidth = 92;

interface SequenceDiagramProps {
  readonly sids: readonly number[];
}

export function SequenceDiagram({ sids }: SequenceDiagramProps) {
  const [hidden, setHidden] = useState<ReadonlySet<FrameKind>>(new Set(['heartbeat']));
  const [held, setHeld] = useState<{ rows: SequenceRows; untilVersion: number } | null>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [chosen, setChosen] = useState<number | null>(null);
  const rows = useMemo(() => {
    const kinds = frameKinds.map(({ kind }) => kind).filter((kind) => !hidden.has(kind));
    return new SequenceRows(new Set(kinds));
  }, [hidden]);
  const scroller = useRef<HTMLDivElement>(null);
  const { width, height } = useSize(scroller);

  useLive(() => live.records.version);
  const position = useLive(() => live.position);
  const isHeld = held !== null && position === null;
  if (!isHeld) rows.update(live.shown, position ?? undefined);
  const { list } = rows;

  // Follows the newest row, unless it is held.
  const followed = useRef(0);
  useLayoutEffect(() => {
    const { current } = scroller;
    if (current === null || isHeld) return;
    current.scrollTop = current.scrollHeight;
    followed.current = current.scrollTop;
  });
  useEffect(() => setHeld(null), [position]);

  const onScroll = (): void => {
    const { current } = scroller;
    if (current === null) return;
    setScrollTop(current.scrollTop);
    if (current.scrollTop < followed.current - rowHeight && !isHeld) hold();
  };
  const hold = (): void => setHeld({ rows, untilVersion: live.records.version });
  const toggle = (kind: FrameKind): void => {
    const next = new Set(hidden);
    if (!next.delete(kind)) next.add(kind);
    setHidden(next);
    setHeld(null);
  };

  const columnWidth = (width - timeWidth) / Math.max(1, sids.length);
  const xOf = (sid: number): number => timeWidth + (sids.indexOf(sid) + 0.5) * columnWidth;
  const total = list.length * rowHeight;
  // While it follows, what the browser says of its scrolling is of the picture before.
  const top = isHeld ? scrollTop : Math.max(0, total - height);
  const { first, end } = rowsInView(top, height, rowHeight, list.length);
  const shown = list.slice(first, end);
  const frame = list.find((row) => row.position === chosen && 'frame' in row);
  return (
    <div class="card sequence">
      <div class="sequence-tools row">
        <h2>Frames</h2>
        {frameKinds.map(({ kind, title }) => (
          <button
            key={kind}
            type="button"
            class={`chip kind-${kind}`}
            aria-pressed={!hidden.has(kind)}
            onClick={() => toggle(kind)}
          >
            {title}
          </button>
        ))}
        <span class="grow" />
        <button
          type="button"
          class="hold"
          aria-pressed={isHeld}
          disabled={position !== null}
          onClick={() => (isHeld ? setHeld(null) : hold())}
        >
          {isHeld ? 'Go on' : 'Pause'}
        </button>
      </div>
      <div class="sequence-head" aria-hidden="true">
        {width > 0 &&
          sids.map((sid) => (
            <span key={sid} style={{ left: `${xOf(sid)}px` }}>
              {sid}
            </span>
          ))}
      </div>
      <div class="sequence-body">
        <div class="sequence-scroll" ref={scroller} onScroll={onScroll}>
          <div style={{ height: `${Math.max(total, height - 1)}px` }}>
            <svg
              class="sequence-rows"
              width={width}
              height={total < height ? height - 1 : (end - first) * rowHeight}
              style={{ transform: `translateY(${first * rowHeight}px)` }}
              role="img"
              aria-label="Frames between replicas"
            >
              {sids.map((sid) => (
                <path key={sid} class="lifeline" d={`M${Math.round(xOf(sid)) + 0.5} 0V100000`} />
              ))}
              {shown.map((row, at) => (
                <SequenceRowArrow
                  key={row.position}
                  row={row}
                  y={at * rowHeight}
                  rowHeight={rowHeight}
                  xOf={xOf}
                  hasColumn={(sid) => sids.includes(sid)}
                  width={width}
                  isChosen={row.position === chosen}
                  choose={() => setChosen(row.position === chosen ? null : row.position)}
                />
              ))}
            </svg>
          </div>
          {list.length === 0 && <p class="muted sequence-none">No frame of these kinds yet.</p>}
        </div>
        {isHeld && <HeldMark since={held.untilVersion} goOn={() => setHeld(null)} />}
      </div>
      {frame !== undefined && 'frame' in frame && (
        <FrameDetails frame={frame.frame} close={() => setChosen(null)} />
      )}
    </div>
  );
}

function HeldMark({ since, goOn }: { readonly since: number; readonly goOn: () => void }) {
  const isMore = useLive(() => live.records.version !== since);
  if (!isMore) return null;
  return (
    <button type="button" class="sequence-more primary" onClick={goOn}>
      ↓ newer frames
    </button>
  );
}
