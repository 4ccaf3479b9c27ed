/**
 * Acknowledged writes per second over the last two minutes, in steps of 100 ms, with what was
 * broken and mended as labelled lines and the outages as shaded stretches.
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { DemoStatus } from '../../../protocol/demo.ts';
import {
  type Frame,
  labelRoom,
  labelRows,
  linePath,
  marks,
  plotMs,
  roundMax,
  stretches,
  xOf,
  yOf,
} from '../playground-plot.ts';

const height = 300;
const rowHeight = 14;
const margin = { left: 46, right: labelRoom, top: labelRows * rowHeight + 8, bottom: 24 };
const tickMs = 20_000;
const widthMin = 320;

export function ThroughputPlot({ status }: { readonly status: DemoStatus }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(900);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => setWidth(Math.max(widthMin, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const frame: Frame = {
    left: margin.left,
    top: margin.top,
    width: width - margin.left - margin.right,
    height: height - margin.top - margin.bottom,
    nowMs: status.nowMs,
    rateMax: roundMax(status.series),
  };
  const path = linePath(status.series, frame);
  return (
    <div class="throughput" ref={box}>
      <svg width={width} height={height} role="img" aria-label="Acknowledged writes per second">
        <Axes frame={frame} />
        <Outages status={status} frame={frame} />
        {path === '' ? (
          <text class="plot-hint" x={frame.left + frame.width / 2} y={frame.top + 90}>
            no load: start it to measure
          </text>
        ) : (
          <path class="plot-line" d={path} />
        )}
        <Failed status={status} frame={frame} />
        <Marks status={status} frame={frame} />
      </svg>
    </div>
  );
}

function Axes({ frame }: { readonly frame: Frame }) {
  const { left, top, width, height: tall, rateMax, nowMs } = frame;
  const rates = [0, 0.25, 0.5, 0.75, 1].map((part) => part * rateMax);
  const ages = Array.from({ length: plotMs / tickMs + 1 }, (_, at) => at * tickMs);
  return (
    <g class="plot-axes">
      {rates.map((rate) => (
        <g key={rate}>
          <line x1={left} x2={left + width} y1={yOf(rate, frame)} y2={yOf(rate, frame)} />
          <text x={left - 6} y={yOf(rate, frame) + 4} text-anchor="end">
            {rate}
          </text>
        </g>
      ))}
      {ages.map((age) => (
        <text
          key={age}
          x={xOf(nowMs - age, frame)}
          y={top + tall + 16}
          text-anchor={age === 0 ? 'end' : 'middle'}
        >
          {age === 0 ? 'now' : `−${age / 1000} s`}
        </text>
      ))}
    </g>
  );
}

interface PartProps {
  readonly status: DemoStatus;
  readonly frame: Frame;
}

function Outages({ status, frame }: PartProps) {
  const { top, height: tall } = frame;
  return (
    <g class="plot-outages">
      {stretches(status.outages, frame).map(({ x, width, isOngoing }) => (
        <rect
          key={x}
          class={isOngoing ? 'is-ongoing' : ''}
          x={x}
          y={top}
          width={width}
          height={tall}
        />
      ))}
    </g>
  );
}

/** A tick at the foot for each step with requests that failed. */
function Failed({ status, frame }: PartProps) {
  const foot = frame.top + frame.height;
  return (
    <g class="plot-failed">
      {status.series
        .filter(({ failed }) => failed > 0)
        .map(({ atMs, failed }) => {
          const x = xOf(atMs + 50, frame);
          if (x < frame.left) return null;
          return <line key={atMs} x1={x} x2={x} y1={foot} y2={foot - 4 - Math.min(20, failed)} />;
        })}
    </g>
  );
}

function Marks({ status, frame }: PartProps) {
  const foot = frame.top + frame.height;
  return (
    <g>
      {marks(status, frame).map(({ x, label, kind, row }) => {
        const y = ((row ?? labelRows - 1) + 1) * rowHeight - 2;
        return (
          <g key={`${x} ${label}`} class={`plot-mark is-${kind}`}>
            <line x1={x} x2={x} y1={row === null ? frame.top : y - 9} y2={foot} />
            {row === null ? null : (
              <text x={x + 4} y={y}>
                {label}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}
