/** The ensemble at a glance: its replicas, the phases of Zab, the frames between them. */

import { live, useLive } from '../live.ts';
import { PhasePicture } from '../parts/phase-picture.tsx';
import { ReplicaCard, UnheardCard } from '../parts/replica-card.tsx';
import { SequenceDiagram } from '../parts/sequence-diagram.tsx';
import { TimeBar } from '../parts/time-bar.tsx';
import { leaderOf, memberSids } from '../rates.ts';

export function EnsemblePage() {
  const views = useLive(() => live.statuses);
  const heard = [...views.values()].filter(({ isStale }) => !isStale);
  const leader = leaderOf(heard.map(({ status }) => status));
  const sids = memberSids([...views.values()].map(({ status }) => status));
  return (
    <>
      <section class={sids.length > 4 ? 'cards is-many' : 'cards'} aria-label="Replicas">
        {sids.map((sid) => {
          const view = views.get(sid);
          return view === undefined ? (
            <UnheardCard key={sid} sid={sid} />
          ) : (
            <ReplicaCard key={sid} view={view} leader={leader} />
          );
        })}
        {sids.length === 0 && <p class="card empty">No replica was heard of yet.</p>}
      </section>
      <section class="ensemble-pictures">
        <PhasePicture sids={sids} views={views} />
        <SequenceDiagram sids={sids} />
      </section>
      <TimeBar />
    </>
  );
}
