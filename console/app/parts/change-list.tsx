/** The last changes that this page made, each with a button that takes it back. */

import { useState } from 'preact/hooks';
import type { Change } from '../logic/znode-change.ts';
import { useChanges, writes } from './znode-writes.ts';

export function ChangeList({ sid, onUndone }: { sid: number; onUndone: () => void }) {
  const changes = useChanges();
  const [note, setNote] = useState<{ readonly of: Change; readonly text: string } | null>(null);
  const [isBusy, setBusy] = useState(false);
  if (changes.length === 0) return null;
  const undo = async (change: Change): Promise<void> => {
    setBusy(true);
    setNote({ of: change, text: 'Taking it back …' });
    const { fault, rest } = await writes.undo(change, sid);
    setNote(fault === null || rest === null ? null : { of: rest, text: fault });
    setBusy(false);
    onUndone();
  };
  return (
    <section class="changes" aria-label="Changes">
      {changes.map((change) => (
        <div key={change}>
          <p class="row">
            <button type="button" disabled={isBusy} onClick={() => undo(change)}>
              Undo
            </button>
            <bdi class="cut mono" title={change.title}>
              {change.title}
            </bdi>
            {change.limits !== null && <span class="muted">{change.limits}</span>}
          </p>
          {note?.of === change && <p class="warning">{note.text}</p>}
        </div>
      ))}
    </section>
  );
}
