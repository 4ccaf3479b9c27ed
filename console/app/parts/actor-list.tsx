/** The actors of all replicas with the states that they are in, to choose one from. */

import { useEffect, useRef } from 'preact/hooks';
import type { ReplicaActors } from '../actor-list.ts';
import { stateText } from '../lit-states.ts';
import { live, useLive } from '../live.ts';
import { linkTo } from '../route.ts';

interface ActorListProps {
  readonly replicas: readonly ReplicaActors[];
  readonly chosenId: string;
}

export function ActorList({ replicas, chosenId }: ActorListProps) {
  const views = useLive(() => live.statuses);
  const list = useRef<HTMLElement>(null);
  const isHere = replicas.some(({ actors }) => actors.some((one) => one.sessionId === chosenId));
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [chosenId, isHere]);
  return (
    <nav class="card actor-list" aria-label="Actors" ref={list}>
      {replicas.map(({ sid, actors }) => {
        const view = views.get(sid);
        return (
          <section key={sid} class={view?.isStale ? 'is-stale' : ''}>
            <h2 class="row">
              <span class={`badge badge-${view?.status.mode ?? ''}`}>{sid}</span>
              {view?.status.mode ?? 'replica'}
              {view?.isStale && <span class="stale">not heard</span>}
            </h2>
            {actors.map(({ sessionId, name, snapshot, isGone, steps }) => (
              <a
                key={sessionId}
                class={`actor ${isGone ? 'is-gone' : ''}`}
                href={linkTo('charts', sessionId)}
                aria-current={sessionId === chosenId ? 'true' : undefined}
              >
                <span class="actor-name">
                  {/* A new key starts its animation again: it blinks with each step. */}
                  {!isGone && <span key={steps} class={steps > 0 ? 'blink' : 'blink is-still'} />}
                  {name}
                </span>
                <span class="muted actor-state">
                  {isGone ? 'ended' : stateText(snapshot.value)}
                </span>
              </a>
            ))}
          </section>
        );
      })}
      {replicas.length === 0 && <p class="muted empty">None yet.</p>}
    </nav>
  );
}
