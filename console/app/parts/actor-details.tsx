/** Beside the drawing: the event that came last, the context that it left, the steps before. */

import { stepsAround } from '../actor-steps.ts';
import { timeText } from '../figures.ts';
import { type ActorState, live, useLive } from '../live.ts';
import { madeAt } from '../record-ring.ts';
import { JsonTree } from './json-tree.tsx';

interface ActorDetailsProps {
  readonly id: string;
  readonly actor: ActorState | undefined;
}

export function ActorDetails({ id, actor }: ActorDetailsProps) {
  if (actor === undefined) {
    return (
      <aside class="card actor-details">
        <p class="muted empty">
          {id === '' ? 'Nothing is chosen.' : `Nothing was heard of ${id} at this time.`}
        </p>
      </aside>
    );
  }
  const { step, snapshot, before } = actor;
  return (
    <aside class="card actor-details">
      <section>
        <h3 class="row">
          Event
          <span class="grow" />
          <span class="muted num">{step === null ? '' : timeText(madeAt(step))}</span>
        </h3>
        {step === null ? (
          <p class="muted">No step was seen yet.</p>
        ) : (
          <>
            <p class="step-way mono">
              {step.from === step.to ? step.to : `${step.from} → ${step.to}`}
            </p>
            <JsonTree value={step.event} />
          </>
        )}
      </section>
      <section>
        <h3>Context</h3>
        <JsonTree value={snapshot.context} before={before === null ? undefined : before.context} />
      </section>
      <StepList id={id} />
    </aside>
  );
}

function StepList({ id }: { readonly id: string }) {
  useLive(() => live.records.version);
  const position = useLive(() => live.position);
  const { shown } = live;
  const steps = stepsAround(shown, id, position ?? shown.size - 1);
  const current = steps.find(({ index }) => index <= (position ?? -1))?.index;
  return (
    <section class="steps">
      <h3>Steps</h3>
      {steps.map(({ index, step }) => (
        <button
          key={`${step.origin} ${step.seq}`}
          type="button"
          class={position !== null && index > position ? 'step is-later' : 'step'}
          title="Show this moment"
          aria-pressed={index === current}
          onClick={() => live.lookBack(index)}
        >
          <span class="muted num">{timeText(madeAt(step))}</span>
          <span class="mono step-event">{step.event.type}</span>
          {step.from !== step.to && <span class="mono step-to">→ {step.to}</span>}
        </button>
      ))}
      {steps.length === 0 && <p class="muted">None among the records that are held.</p>}
    </section>
  );
}
