/**
 * Deletes a znode, or a whole sub-tree from its leaves on, each at the version that was shown. It
 * lists first what would go, and stops at the first that has changed since.
 */

import { useEffect, useRef, useState } from 'preact/hooks';
import type { ZnodeView } from '../../../protocol/inspection.ts';
import { ask } from '../live.ts';
import { readSubtree } from '../logic/subtree.ts';
import { parentPath } from '../logic/tree-rows.ts';
import { type UndoStep, undoOfDelete } from '../logic/znode-change.ts';
import { linkTo } from '../route.ts';
import { sentenceOf } from './asked.ts';
import { VirtualList } from './virtual-list.tsx';
import { lookAt, writes } from './znode-writes.ts';

const znodesMax = 10_000;
/** Values kept to make them again, in base64 characters. */
const keptMax = 32_000_000;

interface ZnodeDeleteProps {
  readonly sid: number;
  readonly path: string;
  readonly onDone: () => void;
}

export function ZnodeDelete({ sid, path, onDone }: ZnodeDeleteProps) {
  const [znodes, setZnodes] = useState<readonly ZnodeView[] | null>(null);
  const [note, setNote] = useState('Listing …');
  const isOver = useRef(false);
  const [isBusy, setBusy] = useState(false);

  useEffect(() => {
    isOver.current = false;
    const reader = {
      children: (parent: string, offset: number, limit: number) =>
        ask(sid, { what: 'children', path: parent, offset, limit, viewer: 'world' }),
      look: async (each: string) => {
        if (isOver.current) throw new Error('It was cancelled.');
        return lookAt(sid, each);
      },
      progress: (found: number) => setNote(`Listing … ${found.toLocaleString('en')}`),
    };
    readSubtree(reader, path, znodesMax).then(
      (list) => {
        setZnodes(list);
        setNote('');
      },
      (failure: unknown) => setNote(sentenceOf(failure)),
    );
    return () => {
      isOver.current = true;
    };
  }, [sid, path]);

  const remove = async (): Promise<void> => {
    if (znodes === null) return;
    setBusy(true);
    const made = await removeAll(znodes, isOver, (done) =>
      setNote(`Deleted ${done.toLocaleString('en')} of ${znodes.length.toLocaleString('en')} …`),
    );
    const title = made.done === 1 ? `delete ${path}` : `delete ${made.done} znodes of ${path}`;
    writes.remember({ title, steps: made.steps, limits: made.limits });
    setBusy(false);
    if (made.fault !== null) {
      setNote(`${made.fault} ${made.done} of ${znodes.length} were deleted before that.`);
      setZnodes(null);
      return;
    }
    location.hash = linkTo('tree', parentPath(path));
    onDone();
  };

  return (
    <div class="editor">
      {znodes !== null && (
        <VirtualList
          class="delete-list mono"
          label="What would be deleted"
          rows={znodes.length}
          rowPx={20}
          row={(at) => (
            <>
              <bdi class="cut grow">{znodes[at]!.path}</bdi>
              <span class="muted">{`version ${znodes[at]!.stat.version}`}</span>
            </>
          )}
        />
      )}
      {note !== '' && <p class="warning">{note}</p>}
      <p class="row padded">
        <button
          type="button"
          class="danger"
          disabled={znodes === null || znodes.length === 0 || isBusy}
          onClick={remove}
        >
          {znodes === null || znodes.length === 1
            ? 'Delete it'
            : `Delete these ${znodes.length.toLocaleString('en')} znodes`}
        </button>
        <button type="button" onClick={onDone}>
          {isBusy ? 'Stop' : 'Cancel'}
        </button>
      </p>
    </div>
  );
}

interface Removed {
  readonly steps: readonly UndoStep[];
  readonly done: number;
  readonly limits: string | null;
  readonly fault: string | null;
}

/** Leaves first; stops at the first that is not done. */
async function removeAll(
  znodes: readonly ZnodeView[],
  isOver: { readonly current: boolean },
  progress: (done: number) => void,
): Promise<Removed> {
  const steps: UndoStep[] = [];
  let kept = 0;
  let done = 0;
  let limits: string | null = null;
  let fault: string | null = null;
  for (const znode of [...znodes].reverse()) {
    if (isOver.current) {
      fault = 'It was stopped.';
      break;
    }
    try {
      await writes.make({ op: 'delete', path: znode.path, version: znode.stat.version });
    } catch (failure) {
      fault = sentenceOf(failure);
      break;
    }
    done++;
    kept += znode.data?.length ?? 0;
    const step = kept > keptMax ? null : undoOfDelete(znode);
    if (step === null) limits = 'Ephemeral, unreadable or too large znodes do not come back.';
    else steps.push(step);
    progress(done);
  }
  return { steps, done, limits, fault };
}
