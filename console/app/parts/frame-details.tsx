/** All fields of a frame that was clicked. */

import type { MessageRecord } from '../../../protocol/inspection.ts';
import { bytesText, timeText } from '../figures.ts';
import { madeAt } from '../record-ring.ts';

interface FrameDetailsProps {
  readonly frame: MessageRecord;
  readonly close: () => void;
}

export function FrameDetails({ frame, close }: FrameDetailsProps) {
  const fields: [name: string, value: string][] = [
    ['from', `replica ${frame.from}`],
    ['to', `replica ${frame.to}`],
    ['got at', timeText(madeAt(frame))],
    ['frame epoch', `${frame.frameEpoch}`],
    ['frame number', `${frame.frameSeq}`],
    ['size', bytesText(frame.bytes)],
    ['receiver’s epoch', `${frame.epoch}`],
    ['receiver’s zxid', frame.zxid],
    ['its clock', `${frame.mono.toFixed(1)} ms`],
    ['record', `${frame.seq} of ${frame.origin}`],
  ];
  return (
    <aside class="frame-details">
      <header class="row">
        <strong class="mono">{frame.name}</strong>
        <span class="grow" />
        <button type="button" class="quiet" onClick={close} title="Close">
          ×
        </button>
      </header>
      <dl class="num">
        {fields.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
