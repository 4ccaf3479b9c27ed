/**
 * The drawing of a machine with the active states lit and the last transitions pulsing. It can be
 * dragged and zoomed; the innermost active state is kept in view.
 */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { drawingOf, litStates, stateText } from '../lit-states.ts';
import type { ActorState } from '../live.ts';
import { ChartView } from './chart-view.ts';
import { loadDrawing } from './drawing.ts';

interface MachineChartProps {
  readonly id: string;
  readonly machine: string;
  readonly actor: ActorState | undefined;
}

export function MachineChart({ id, machine, actor }: MachineChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<ChartView | null>(null);
  const [fault, setFault] = useState<string | null>(null);

  useLayoutEffect(() => {
    const { current } = frame;
    if (current === null) return;
    let isOver = false;
    let made: ChartView | null = null;
    loadDrawing(drawingOf(machine)).then(
      (svg) => {
        if (isOver) return;
        made = new ChartView(current, svg);
        setView(made);
      },
      (error: unknown) => {
        if (!isOver) setFault(error instanceof Error ? error.message : String(error));
      },
    );
    return () => {
      isOver = true;
      made?.close();
    };
  }, [machine]);

  const snapshot = actor?.snapshot;
  const lit = useMemo(
    () => (snapshot === undefined ? [] : litStates(machine, snapshot.value)),
    [machine, snapshot],
  );
  const key = lit.join(' ');
  useEffect(() => view?.light(lit), [view, key]);
  const step = actor?.step ?? null;
  useEffect(() => view?.fire(step?.fired ?? []), [view, step]);

  return (
    <div class="card machine-chart">
      <div class="chart-tools row">
        <h2>{id}</h2>
        <span class="muted">
          {snapshot === undefined ? 'not heard of' : stateText(snapshot.value)}
          {actor?.isGone ? ' (ended)' : ''}
        </span>
        <span class="grow" />
        <button type="button" title="Smaller" onClick={() => view?.zoom(1 / 1.25)}>
          −
        </button>
        <button type="button" title="Larger" onClick={() => view?.zoom(1.25)}>
          +
        </button>
        <button type="button" title="All of it" onClick={() => view?.fit()}>
          Fit
        </button>
      </div>
      <div class={`chart-frame ${actor?.isGone ? 'is-stale' : ''}`} ref={frame}>
        {fault !== null && <p class="muted empty">{fault}</p>}
      </div>
    </div>
  );
}
