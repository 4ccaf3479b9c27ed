/** The last changes that this page made, each with a button that takes it back. */

import { useState } from 'preact/hooks';
import type { Change } from '../logic/znode-change.ts';
import { useChanges, writes } from './znode-writes.ts';

export function ChangeList({ sid, onUndone }: { sid: number; onUndone: () => void }) {
  const changes = useChanges();
  const [note, setNote] = useState('');
  const [isBusy, setBusy] = useState(false);
  if (changes.length === 0 && note === '') return null;
  const undo = async (change: Change): Promise<void> => {
    setBusy(true);
    setNote('Taking it back …');
    const fault = await writes.undo(change, sid);
    setNote(fault ?? '');
    setBusy(false);
    onUndone();
  };
  return (
    <section class="changes" aria-label="Changes">
      {note !== '' && <p class="warning">{note}</p>}
      {changes.map((change) => (
        <p key={change} class="row">
          <button type="button" disabled={isBusy} onClick={() => undo(change)}>
            Undo
          </button>
          <bdi class="cut mono" title={change.title}>
            {change.title}
          </bdi>
          {change.limits !== null && <span class="muted">{change.limits}</span>}
        </p>
      ))}
    </section>
  );
}
