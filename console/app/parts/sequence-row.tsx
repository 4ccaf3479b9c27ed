/** One row of the sequence diagram: an arrow with the frame's name, or how many were left out. */

import { bytesText, countText, timeText } from '../figures.ts';
import { madeAt } from '../record-ring.ts';
import type { SequenceRow } from '../sequence-rows.ts';

interface SequenceRowArrowProps {
  readonly row: SequenceRow;
  readonly y: number;
  readonly rowHeight: number;
  readonly width: number;
  readonly xOf: (sid: number) => number;
  readonly hasColumn: (sid: number) => boolean;
  readonly isChosen: boolean;
  readonly choose: () => void;
}

export function SequenceRowArrow(props: SequenceRowArrowProps) {
  const { row, y, rowHeight, width, xOf, hasColumn, isChosen, choose } = props;
  const middle = y + rowHeight / 2 + 4;
  if ('leftOut' in row) {
    return (
      <text class="left-out" x={width / 2} y={middle}>
        {`… ${countText(row.leftOut)} more, of any kind`}
      </text>
    );
  }
  const { frame, name, kind } = row;
  if (!hasColumn(frame.from) || !hasColumn(frame.to)) return null;
  const from = xOf(frame.from);
  const to = xOf(frame.to);
  const way = Math.sign(to - from) || 1;
  const shaft = from === to ? `M${from} ${middle}h24` : `M${from} ${middle}H${to - way * 7}`;
  const tip = from === to ? from + 24 : to;
  return (
    <g
      class={`frame kind-${kind} ${isChosen ? 'is-chosen' : ''}`}
      role="treeitem"
      aria-selected={isChosen}
      tabIndex={0}
      aria-label={`${name} from ${frame.from} to ${frame.to}`}
      onClick={choose}
      onKeyDown={({ key }) => {
        if (key === 'Enter') choose();
      }}
    >
      <rect class="hit" x="0" y={y} width={width} height={rowHeight} />
      <text class="frame-time" x="8" y={middle}>
        {timeText(madeAt(frame))}
      </text>
      <path class="shaft" d={shaft} />
      <path class="head" d={`M${tip - way * 1} ${middle}l${-way * 8} -4v8z`} />
      <text class="frame-name" x={(from + to) / 2} y={middle - 4}>
        {name}
        {Math.abs(to - from) > 150 && <tspan class="frame-size"> {bytesText(frame.bytes)}</tspan>}
      </text>
    </g>
  );
}
