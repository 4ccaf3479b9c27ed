/**
 * The phases of Zab as stations: each replica has a lane, and a token that moves along it as the
 * replica goes from phase to phase. Between tokens runs what they have just sent each other.
 */

import { useRef } from 'preact/hooks';
import { type Flow, freshFlows } from '../fresh-flows.ts';
import { live, type StatusView, useLive } from '../live.ts';
import { madeAt } from '../record-ring.ts';
import { useSize } from './use-size.ts';

const stations = [
  { phase: 'election', hint: 'VOTE' },
  { phase: 'discovery', hint: 'CEPOCH · NEWEPOCH' },
  { phase: 'synchronization', hint: 'DIFF · NEWLEADER' },
  { phase: 'broadcast', hint: 'PROPOSAL · COMMIT' },
];
const left = 30;
const stationWidth = 140;
/** Names of what runs beside the last station need some room. */
const right = 26;
const width = left + stations.length * stationWidth + right;
const top = 52;
const laneHeightMin = 52;
const laneHeightMax = 96;
const radius = 15;

interface Point {
  readonly x: number;
  readonly y: number;
}

interface PhasePictureProps {
  readonly sids: readonly number[];
  readonly views: ReadonlyMap<number, StatusView>;
}

export function PhasePicture({ sids, views }: PhasePictureProps) {
  useLive(() => live.shown.version + live.records.version);
  const { shown } = live;
  const last = live.position ?? shown.size - 1;
  const newest = shown.at(last);
  const isLooking = (sid: number): boolean => views.get(sid)?.status.mode === 'looking';
  // While we are cut off nobody knows what runs.
  const isKnown = useLive(() => live.connection === 'open' || live.position !== null);
  const flows =
    newest === undefined || !isKnown ? [] : freshFlows(shown, last, madeAt(newest), isLooking);
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  // The lanes share the height that there is.
  const lanes = Math.max(1, sids.length);
  const room = size.width > 0 ? (size.height * width) / size.width - top - 10 : 0;
  const laneHeight = Math.max(laneHeightMin, Math.min(laneHeightMax, room / lanes));
  const height = Math.max(top + lanes * laneHeight + 10, room + top + 10);
  const placeOf = (sid: number): Point | null => {
    const lane = sids.indexOf(sid);
    return lane < 0 ? null : { x: stationOf(views.get(sid)), y: top + (lane + 0.5) * laneHeight };
  };
  return (
    <div class="card phases">
      <h2>Zab</h2>
      <div class="phases-frame" ref={frame}>
        <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label="Phases of Zab by replica">
          {stations.map(({ phase, hint }, at) => (
            <g key={phase} transform={`translate(${left + at * stationWidth} 0)`}>
              <rect
                class={`station station-${phase}`}
                x="3"
                y="3"
                width={stationWidth - 6}
                height={height - 6}
                rx="8"
              />
              <text class="station-name" x={stationWidth / 2} y="22">
                {phase}
              </text>
              <text class="station-hint" x={stationWidth / 2} y="38">
                {hint}
              </text>
            </g>
          ))}
          {sids.map((sid) => (
            <path key={sid} class="lane" d={`M6 ${placeOf(sid)!.y}H${width - right}`} />
          ))}
          {flows.map((flow) => (
            <FlowArrow
              key={`${flow.from} ${flow.to}`}
              flow={flow}
              from={placeOf(flow.from)}
              to={placeOf(flow.to)}
            />
          ))}
          {sids.map((sid) => (
            <Token key={sid} sid={sid} place={placeOf(sid)!} view={views.get(sid)} />
          ))}
        </svg>
      </div>
    </div>
  );
}

interface TokenProps {
  readonly sid: number;
  readonly place: Point;
  readonly view: StatusView | undefined;
}

function Token({ sid, place: { x, y }, view }: TokenProps) {
  const mode = view?.status.mode ?? 'unheard';
  const isAway = view === undefined || view.isStale;
  return (
    <g
      class={`token token-${mode} ${isAway ? 'is-away' : ''}`}
      style={{ transform: `translate(${x}px, ${y}px)` }}
    >
      <title>{`Replica ${sid}: ${mode}${isAway ? ', not heard of now' : ''}`}</title>
      <circle r={radius} />
      <text y="4.5">{sid}</text>
      <text class="token-mode" y={radius + 11}>
        {isAway ? 'away' : mode}
      </text>
    </g>
  );
}

interface FlowArrowProps {
  readonly flow: Flow;
  readonly from: Point | null;
  readonly to: Point | null;
}

/** Bent to its right, so that both directions between two tokens can be told apart. */
function FlowArrow({ flow, from, to }: FlowArrowProps) {
  if (from === null || to === null) return null;
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = Math.hypot(dx, dy) || 1;
  const bend = 26 + length * 0.12;
  const middle = {
    x: (from.x + to.x) / 2 - (dy / length) * bend,
    y: (from.y + to.y) / 2 + (dx / length) * bend,
  };
  const start = towards(from, middle, radius + 2);
  const end = towards(to, middle, radius + 8);
  const angle = (Math.atan2(to.y - middle.y, to.x - middle.x) * 180) / Math.PI;
  const label = { x: (from.x + to.x + 2 * middle.x) / 4, y: (from.y + to.y + 2 * middle.y) / 4 };
  const side = label.x >= (from.x + to.x) / 2 ? 'start' : 'end';
  return (
    <g class={`flow kind-${flow.kind}`}>
      <path class="shaft" d={`M${start.x} ${start.y}Q${middle.x} ${middle.y} ${end.x} ${end.y}`} />
      <path
        class="head"
        d="M6 0L-3 4V-4Z"
        transform={`translate(${end.x} ${end.y}) rotate(${angle})`}
      />
      <text x={label.x + (side === 'start' ? 4 : -4)} y={label.y + 3} text-anchor={side}>
        {flow.name}
      </text>
    </g>
  );
}

function towards(from: Point, to: Point, distance: number): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return {
    x: from.x + ((to.x - from.x) * distance) / length,
    y: from.y + ((to.y - from.y) * distance) / length,
  };
}

/** One that is down, or was never heard of, stands before the first station. */
function stationOf(view: StatusView | undefined): number {
  const phase = view?.status.phase ?? 'down';
  const at = stations.findIndex((station) => station.phase === phase);
  if (phase === 'standalone') return left + (stations.length - 0.5) * stationWidth;
  return at < 0 ? left / 2 + 3 : left + (at + 0.5) * stationWidth;
}
