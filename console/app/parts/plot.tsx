/**
 * A small live plot: lines over the last minutes, broken where nothing was measured, with the
 * values at the time that is pointed at, here or in another plot.
 */

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { linePath, nearest, type PlotPoint, xOf, yOf } from '../logic/plot-line.ts';

export interface PlotLine {
  readonly name: string;
  readonly points: readonly PlotPoint[];
}

interface PlotProps {
  readonly label: string;
  readonly lines: readonly PlotLine[];
  readonly from: number;
  readonly to: number;
  readonly top: number;
  readonly text: (value: number) => string;
  /** The time that is pointed at; null: none. */
  readonly at: number | null;
  readonly onPoint: (at: number | null) => void;
}

const height = 64;

export function Plot({ label, lines, from, to, top, text, at, onPoint }: PlotProps) {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(240);
  useLayoutEffect(() => {
    const frame = element.current;
    if (frame === null) return;
    const measure = (): void => setWidth(Math.max(60, frame.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(frame);
    return () => observer.disconnect();
  }, []);
  const box = { width, height, from, to, top };
  const point = (event: PointerEvent): void => {
    const edge = element.current?.getBoundingClientRect().left ?? 0;
    onPoint(from + ((event.clientX - edge) / width) * (to - from));
  };
  const shown = lines.map(({ name, points }) => ({
    name,
    points,
    marked: nearest(points, at ?? to),
  }));
  return (
    <div class="plot" ref={element} onPointerMove={point} onPointerLeave={() => onPoint(null)}>
      <svg width={width} height={height} role="img" aria-label={label}>
        <path
          class="plot-grid"
          d={`M0 ${height - 0.5}H${width}M0 ${height / 2}H${width}M0 .5H${width}`}
        />
        {shown.map(({ name, points }, index) => (
          <path key={name} class={`plot-line line-${index}`} d={linePath(points, box)} />
        ))}
        {at !== null && <path class="plot-cursor" d={`M${xOf(box, at)} 0V${height}`} />}
        {at !== null &&
          shown.map(({ name, marked }, index) =>
            marked === null || marked.value === null ? null : (
              <circle
                key={name}
                class={`plot-dot line-${index}`}
                cx={xOf(box, marked.at)}
                cy={yOf(box, marked.value)}
                r="2.5"
              />
            ),
          )}
      </svg>
      <span class="plot-top">{text(top)}</span>
      <span class="plot-values num">
        {shown.map(({ name, marked }, index) => (
          <span key={name} class={`line-${index}`} title={name}>
            {marked === null || marked.value === null ? '–' : text(marked.value)}
          </span>
        ))}
      </span>
    </div>
  );
}
