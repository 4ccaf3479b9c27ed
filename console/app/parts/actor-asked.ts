/** Keeps the state of a session or watch that is looked at: asks for it where no step told it. */

import { useEffect } from 'preact/hooks';
import { every } from '../clock.ts';
import { stateText } from '../lit-states.ts';
import { ask, live } from '../live.ts';
import { actorRecordOf, stateNow, stateValueOf } from '../logic/actor-state.ts';
import { madeAt } from '../record-ring.ts';

const againMs = 2_000;

/** Null: nothing is to be asked for. */
export function useActorAsked(actor: string | null): void {
  useEffect(() => {
    if (actor === null) return;
    let isOver = false;
    const look = async (): Promise<void> => {
      if (live.position !== null || document.hidden) return;
      const before = live.actors.get(actor);
      const state = await stateNow(ask, actor);
      // A step that came meanwhile is newer than the answer.
      if (isOver || live.position !== null || live.actors.get(actor) !== before) return;
      if (state !== null) tell(actor, state);
    };
    // What cannot be asked now is asked again; the list of actors says that it is not heard.
    const lookSafely = (): void => void look().catch(() => {});
    lookSafely();
    const stop = every(againMs, lookSafely);
    return () => {
      isOver = true;
      stop();
    };
  }, [actor]);
}

function tell(actor: string, state: string): void {
  const known = live.actors.get(actor);
  const isNews =
    known === undefined ||
    known.isGone ||
    stateText(known.snapshot.value) !== stateText(stateValueOf(state));
  const origin = live.origins.get(Number.parseInt(actor, 10));
  if (!isNews || origin === undefined) return;
  const newest = live.records.at(live.records.size - 1);
  const atMs = Math.max(known?.atMs ?? 0, newest === undefined ? 0 : madeAt(newest));
  live.add(actorRecordOf(actor, state, { origin, atMs }));
}
