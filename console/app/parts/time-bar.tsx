/**
 * The way back in time: over the records that this page holds. While it looks back, they are held
 * and everything that is shown is of that moment; the arrow keys go from record to record.
 */

import { useEffect } from 'preact/hooks';
import { timeText } from '../figures.ts';
import { live, useLive } from '../live.ts';
import { madeAt } from '../record-ring.ts';

interface TimeBarProps {
  /** With Shift, the arrow keys go to the next record of which this is true. */
  readonly isStop?: (index: number) => boolean;
}

export function TimeBar({ isStop }: TimeBarProps) {
  useLive(() => live.records.version);
  const position = useLive(() => live.position);
  const { shown } = live;
  const last = Math.max(0, shown.size - 1);
  const at = position ?? last;
  const record = shown.at(at);
  const oldest = shown.at(0);
  const isBack = position !== null;

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && live.position !== null) live.lookBack(null);
      const way = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
      if (way === 0 || event.altKey || event.ctrlKey || event.metaKey || isTyping(event)) return;
      event.preventDefault();
      go(way, event.shiftKey ? isStop : undefined);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [isStop]);
  // Another page shows the present, unless it has a bar of its own.
  useEffect(() => () => live.lookBack(null), []);

  return (
    <footer class={`card time-bar row ${isBack ? 'is-back' : ''}`}>
      <button type="button" title="Record before (←)" onClick={() => go(-1)}>
        ‹
      </button>
      <button type="button" title="Next record (→)" disabled={!isBack} onClick={() => go(1)}>
        ›
      </button>
      <input
        class="grow"
        type="range"
        min={0}
        max={last}
        value={at}
        aria-label="Time"
        aria-valuetext={record === undefined ? 'now' : timeText(madeAt(record))}
        onInput={({ currentTarget }) => live.lookBack(Number(currentTarget.value))}
      />
      <span class="num time-text">
        {record === undefined ? '' : timeText(madeAt(record))}
        <span class="muted">
          {oldest === undefined ? '' : ` · ${at + 1} of ${shown.size} since `}
          {oldest === undefined ? '' : timeText(madeAt(oldest)).slice(0, 8)}
        </span>
      </span>
      <button
        type="button"
        class={isBack ? 'primary' : ''}
        aria-pressed={!isBack}
        onClick={() => live.lookBack(null)}
      >
        Live
      </button>
    </footer>
  );
}

/** To the next record of that kind in this direction, or the very next. */
function go(way: number, isStop: ((index: number) => boolean) | undefined = undefined): void {
  const { size } = live.shown;
  let at = (live.position ?? size - 1) + way;
  if (isStop !== undefined) while (at >= 0 && at < size && !isStop(at)) at += way;
  if (at >= size) {
    if (live.position !== null && isStop === undefined) live.lookBack(null);
    return;
  }
  if (at >= 0) live.lookBack(at);
}

function isTyping({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLElement && target.matches('input:not([type="range"]), textarea');
}
