/**
 * The page of metrics: the same small plots for each replica, one below the other with one scale
 * per row, over the last ten minutes. What was not heard is a gap.
 */

import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { every, wallNow } from '../clock.ts';
import { ageText, timeText } from '../figures.ts';
import { live } from '../live.ts';
import { type Metric, type MetricSample, metricPoints, metrics } from '../logic/metric-series.ts';
import { niceTop, type PlotPoint } from '../logic/plot-line.ts';
import { Plot, type PlotLine } from '../parts/plot.tsx';
import './metrics.css';

const spans = [1, 3, 10] as const;
const minuteMs = 60_000;
const redrawMs = 1_000;

export function MetricsPage() {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const [minutes, setMinutes] = useState<(typeof spans)[number]>(1);
  const [at, setAt] = useState<number | null>(null);
  const columns = useColumns();
  useEffect(() => every(redrawMs, () => again(undefined)), []);
  const to = wallNow();
  const from = to - minutes * minuteMs;
  if (columns.length === 0) return <p class="muted">No replica has been heard yet.</p>;
  return (
    <div class="metrics">
      <p class="row metrics-bar">
        {spans.map((span) => (
          <button
            key={span}
            type="button"
            aria-pressed={span === minutes}
            onClick={() => setMinutes(span)}
          >
            {span} min
          </button>
        ))}
        <span class="muted">
          {at === null ? 'newest values; point at a plot for others' : `at ${timeText(at)}`}
        </span>
      </p>
      <div
        class="metrics-grid"
        style={{ gridTemplateColumns: `112px repeat(${columns.length}, minmax(150px, 1fr))` }}
      >
        <span />
        {columns.map((column) => (
          <ColumnHead key={column.sid} column={column} now={to} />
        ))}
        {metrics.map((metric) => (
          <MetricRow
            key={metric.title}
            metric={metric}
            columns={columns}
            view={{ from, to, at }}
            onPoint={setAt}
          />
        ))}
      </div>
    </div>
  );
}

interface Column {
  readonly sid: number;
  readonly mode: string;
  readonly heardMs: number;
  readonly isStale: boolean;
  readonly samples: readonly MetricSample[];
}

/** Replicas with their samples, moved from their own clocks to the one of this page. */
function useColumns(): Column[] {
  const skews = useRef(new Map<number, number>());
  const bySid = [...live.history].sort(([one], [other]) => one - other);
  return bySid.flatMap(([sid, history]) => {
    const last = history.at(-1);
    const view = live.statuses.get(sid);
    if (last === undefined) return [];
    if (view !== undefined && live.position === null) {
      skews.current.set(sid, view.heardMs - last.atMs);
    }
    const skew = skews.current.get(sid) ?? 0;
    const samples = history.map(({ atMs, status }) => ({ atMs: atMs + skew, status }));
    const { mode } = last.status;
    const heardMs = last.atMs + skew;
    return [{ sid, mode, heardMs, isStale: view?.isStale ?? true, samples }];
  });
}

function ColumnHead({ column, now }: { column: Column; now: number }) {
  const { sid, mode, heardMs, isStale } = column;
  return (
    <h2 class={isStale ? 'is-stale' : ''}>
      {`Replica ${sid} `}
      <span class="muted">{isStale ? `as of ${ageText(now - heardMs)} ago` : mode}</span>
    </h2>
  );
}

interface MetricRowProps {
  readonly metric: Metric;
  readonly columns: readonly Column[];
  readonly view: { readonly from: number; readonly to: number; readonly at: number | null };
  readonly onPoint: (at: number | null) => void;
}

function MetricRow({ metric, columns, view, onPoint }: MetricRowProps) {
  const rows = columns.map(({ sid, samples }) => ({
    sid,
    lines: metric.lines.map(
      (line): PlotLine => ({
        name: line.name,
        points: metricPoints(samples, line).filter((point) => point.at >= view.from),
      }),
    ),
  }));
  const { least, unit = 1 } = metric;
  const values = valuesOf(rows.flatMap(({ lines }) => lines)).map((value) => value / unit);
  const top = unit * niceTop(values, least / unit);
  return (
    <>
      <div class="metric-name">
        <h3>{metric.title}</h3>
        {metric.lines.map(({ name }, index) => (
          <span key={name} class={`line-${index}`}>
            {name}
          </span>
        ))}
      </div>
      {rows.map(({ sid, lines }) => (
        <Plot
          key={sid}
          label={`${metric.title} of replica ${sid}`}
          lines={lines}
          top={top}
          text={metric.text}
          {...view}
          onPoint={onPoint}
        />
      ))}
    </>
  );
}

const valuesOf = (lines: readonly { readonly points: readonly PlotPoint[] }[]): number[] =>
  lines.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value])));
