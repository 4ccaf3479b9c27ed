/**
 * The page of sessions: who is there, from where, and what is held and watched; beside it, watches
 * by path and by session. `#/sessions/0x…` opens a session, `#/sessions/watches` the watches.
 */

import { useState } from 'preact/hooks';
import { type Chosen, ReplicaChoice, useSids, useSilence } from '../parts/replica-choice.tsx';
import { SessionDetailPanel } from '../parts/session-detail.tsx';
import { SessionTable } from '../parts/session-table.tsx';
import { WatchTable } from '../parts/watch-table.tsx';
import { linkTo, useRoute } from '../route.ts';
import './sessions.css';

export function SessionsPage() {
  const { rest } = useRoute();
  const [chosen, setChosen] = useState<Chosen>('all');
  const [text, setText] = useState('');
  const sids = useSids(chosen);
  const silence = useSilence(chosen);
  const isWatches = rest === 'watches';
  const session = isWatches || rest === '' ? null : rest;
  return (
    <div class="sessions">
      <div class="row sessions-bar">
        <a class="tab" href={linkTo('sessions')} aria-current={isWatches ? undefined : 'page'}>
          Sessions
        </a>
        <a
          class="tab"
          href={linkTo('sessions', 'watches')}
          aria-current={isWatches ? 'page' : undefined}
        >
          Watches
        </a>
        <ReplicaChoice chosen={chosen} withAll onChoose={setChosen} />
        {silence !== '' && <span class="silence">{silence}</span>}
        <input
          class="grow"
          type="search"
          placeholder={isWatches ? 'path or session …' : 'id or address …'}
          aria-label="Filter"
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </div>
      {isWatches ? (
        <WatchTable sids={sids} text={text} />
      ) : (
        <div class="sessions-body">
          <SessionTable sids={sids} text={text} chosen={session} />
          {session !== null && <SessionDetailPanel key={session} sids={sids} id={session} />}
        </div>
      )}
    </div>
  );
}
