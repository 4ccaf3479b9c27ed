/**
 * A list of any length of which only the rows in view are in the document. Above the height that
 * browsers allow, the scrollbar is scaled and the wheel is taken over, so that a turn of it still
 * moves by rows and not by thousands.
 */

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useReducer, useRef } from 'preact/hooks';
import {
  canvasPx,
  clampTop,
  fullPx,
  type RowList,
  rowWindow,
  scrollOf,
  topOf,
  topShowing,
} from '../logic/row-window.ts';
import './virtual-list.css';

export interface VirtualListProps {
  readonly rows: number;
  readonly rowPx: number;
  readonly row: (index: number) => ComponentChildren;
  readonly class?: string;
  readonly label?: string;
  /** With a role, the list itself takes the focus and keys. */
  readonly role?: 'tree';
  /** This row comes into view when `revealKey` changes. */
  readonly reveal?: number | null;
  readonly revealKey?: string | number;
  /** Told of the rows that are drawn. */
  readonly onRows?: (first: number, end: number) => void;
  readonly onKeyDown?: (event: KeyboardEvent) => void;
}

/** How far the scrollbar may be off from where we put it: browsers round. */
const roundingPx = 1.5;

export function VirtualList(props: VirtualListProps) {
  const { rows, rowPx } = props;
  const [, again] = useReducer((count: number) => count + 1, 0);
  const element = useRef<HTMLElement>(null);
  const place = useRef({ top: 0, viewPx: 400 });
  const list: RowList = { rows, rowPx, viewPx: place.current.viewPx };
  place.current.top = clampTop(list, place.current.top);
  const latest = useRef(list);
  latest.current = list;

  const moveTo = (top: number): void => {
    place.current.top = clampTop(latest.current, top);
    if (element.current !== null) {
      element.current.scrollTop = scrollOf(latest.current, place.current.top);
    }
    again(undefined);
  };

  const onScroll = (): void => {
    const scroll = element.current?.scrollTop ?? 0;
    const ours = scrollOf(latest.current, place.current.top);
    if (Math.abs(scroll - ours) <= roundingPx) return;
    place.current.top = topOf(latest.current, scroll);
    again(undefined);
  };

  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const measure = (): void => {
      if (box.clientHeight === 0 || box.clientHeight === place.current.viewPx) return;
      place.current.viewPx = box.clientHeight;
      again(undefined);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    const onWheel = (event: WheelEvent): void => {
      const isScaled = canvasPx(latest.current) < fullPx(latest.current);
      if (!isScaled || event.ctrlKey || event.deltaY === 0) return;
      event.preventDefault();
      const unit = [1, rowPx, latest.current.viewPx][event.deltaMode] ?? 1;
      moveTo(place.current.top + event.deltaY * unit);
    };
    box.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      box.removeEventListener('wheel', onWheel);
    };
  }, []);

  const { reveal = null } = props;
  useLayoutEffect(() => {
    if (reveal !== null && reveal >= 0) {
      moveTo(topShowing(latest.current, place.current.top, reveal));
    }
  }, [props.revealKey]);

  const { first, end } = rowWindow(list, place.current.top);
  useEffect(() => props.onRows?.(first, end), [first, end, props.onRows]);
  const shown = [];
  for (let index = first; index < end; index++) {
    shown.push(
      <div key={index} class="virtual-row" style={{ height: `${rowPx}px` }}>
        {props.row(index)}
      </div>,
    );
  }
  const shift = first * rowPx - place.current.top;
  return (
    <section
      ref={element}
      class={`virtual-list ${props.class ?? ''}`}
      onScroll={onScroll}
      onKeyDown={props.onKeyDown}
      role={props.role}
      tabIndex={props.role === undefined ? undefined : 0}
      aria-label={props.label}
    >
      <div class="virtual-canvas" style={{ height: `${canvasPx(list)}px` }}>
        <div class="virtual-view" style={{ height: `${Math.min(list.viewPx, fullPx(list))}px` }}>
          <div style={{ transform: `translateY(${shift}px)` }}>{shown}</div>
        </div>
      </div>
    </section>
  );
}
