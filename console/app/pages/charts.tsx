/**
 * Any machine of any replica as its drawing: which states are active, which transition was the
 * last, and context and event beside it; now, or at a moment that one goes back to.
 */

import { useCallback, useEffect } from 'preact/hooks';
import { type ActorState, byReplica, manyMachines, partsOf } from '../actor-list.ts';
import { live, useLive } from '../live.ts';
import { useActorAsked } from '../parts/actor-asked.ts';
import { ActorDetails } from '../parts/actor-details.tsx';
import { ActorList } from '../parts/actor-list.tsx';
import { MachineChart } from '../parts/machine-chart.tsx';
import { TimeBar } from '../parts/time-bar.tsx';
import { useRoute } from '../route.ts';

export function ChartsPage() {
  const { rest } = useRoute();
  const actors = useLive(() => live.actors);
  const replicas = byReplica(actors.values());
  const chosenId = rest === '' ? defaultOf(actors) : rest;
  const chosen = actors.get(chosenId);
  const parts = partsOf(chosenId);
  const isOne = parts !== null && manyMachines.includes(parts.machine);

  // Sessions, watches and connections are sent only when one of them is looked at.
  useEffect(() => {
    if (!isOne) return;
    return live.want({ machines: [parts.machine], instance: chosenId });
  }, [isOne, chosenId]);
  useActorAsked(isOne ? chosenId : null);

  const isStop = useCallback(
    (index: number): boolean => {
      const record = live.shown.at(index);
      return record?.type === '@xstate.snapshot' && record.sessionId === chosenId;
    },
    [chosenId],
  );
  return (
    <>
      <div class="charts">
        <ActorList replicas={replicas} chosenId={chosenId} />
        {parts === null ? (
          <p class="card empty muted">No actor was heard of yet.</p>
        ) : (
          <MachineChart key={parts.machine} id={chosenId} machine={parts.machine} actor={chosen} />
        )}
        <ActorDetails id={chosenId} actor={chosen} />
      </div>
      <TimeBar isStop={isStop} />
    </>
  );
}

/** A leader, where there is one; else the first peer. */
function defaultOf(actors: ReadonlyMap<string, ActorState>): string {
  const here = [...actors.values()].filter(({ isGone }) => !isGone);
  const first = here.find(({ machine }) => machine === 'leader') ?? here[0];
  return first?.sessionId ?? '';
}
