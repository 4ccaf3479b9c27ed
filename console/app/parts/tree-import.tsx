/**
 * Brings an exported sub-tree in: choose a file, see what would be created, changed or left alone,
 * then let it be done. Nothing is written before; what fails is named, and the rest goes on.
 */

import { useRef, useState } from 'preact/hooks';
import type { ImportAction, ImportEntry } from '../logic/import-plan.ts';
import { planCounts, planImport } from '../logic/import-plan.ts';
import { isPath, readTreeFile, type TreeFile } from '../logic/tree-file.ts';
import { sentenceOf } from './asked.ts';
import { applyImport, type Failed } from './import-run.ts';
import { VirtualList } from './virtual-list.tsx';
import { lookAt } from './znode-writes.ts';

interface TreeImportProps {
  readonly sid: number;
  readonly onDone: () => void;
}

const actions: readonly { action: ImportAction; text: string }[] = [
  { action: 'create', text: 'to create' },
  { action: 'change', text: 'to change' },
  { action: 'conflict', text: 'in conflict' },
  { action: 'skip', text: 'left out' },
  { action: 'same', text: 'the same' },
];

export function TreeImport({ sid, onDone }: TreeImportProps) {
  const [file, setFile] = useState<TreeFile | null>(null);
  const [root, setRoot] = useState('');
  const [plan, setPlan] = useState<readonly ImportEntry[] | null>(null);
  const [failed, setFailed] = useState<readonly Failed[]>([]);
  const [note, setNote] = useState('');
  const [isBusy, setBusy] = useState(false);
  const run = useRef({ isOver: false });

  const choose = async (chosen: File | undefined): Promise<void> => {
    setFile(null);
    setPlan(null);
    if (chosen === undefined) return;
    const read = readTreeFile(await chosen.text());
    if (typeof read === 'string') {
      setNote(read);
      return;
    }
    setFile(read);
    setRoot(read.root);
    setNote(`${read.znodes.length.toLocaleString('en')} znodes of ${read.ensemble}${read.root}`);
  };

  const busy = async (work: () => Promise<void>): Promise<void> => {
    run.current = { isOver: false };
    setBusy(true);
    await work().catch((failure: unknown) => setNote(sentenceOf(failure)));
    setBusy(false);
  };

  const tryOut = (): Promise<void> =>
    busy(async () => {
      const all = file?.znodes.length.toLocaleString('en') ?? '';
      const { current } = run;
      const look = async (path: string) => {
        if (current.isOver) throw new Error('It was stopped.');
        return lookAt(sid, path);
      };
      setFailed([]);
      const progress = (done: number): void =>
        setNote(`Looking at ${done.toLocaleString('en')} of ${all} …`);
      if (file !== null) setPlan(await planImport(file, root, look, progress));
      setNote('');
    });

  const apply = (): Promise<void> =>
    busy(async () => {
      const { current } = run;
      const result = await applyImport(plan ?? [], root, {
        isOver: () => current.isOver,
        progress: (done, all) =>
          setNote(`Wrote ${done.toLocaleString('en')} of ${all.toLocaleString('en')} …`),
      });
      setPlan(null);
      setFailed(result.failed);
      setNote(`${result.done.toLocaleString('en')} written, ${result.failed.length} not.`);
    });

  const stop = (): void => {
    run.current.isOver = true;
    if (!isBusy) onDone();
  };

  const counts = plan === null ? null : planCounts(plan);
  const writesDue = counts === null ? 0 : counts.create + counts.change;
  return (
    <div class="editor">
      <div class="row padded">
        <input
          type="file"
          accept=".json,application/json"
          aria-label="File"
          disabled={isBusy}
          onChange={({ currentTarget }) => void choose(currentTarget.files?.[0])}
        />
        <label class="row grow">
          into
          <input
            class="grow mono"
            spellcheck={false}
            value={root}
            disabled={file === null || isBusy}
            onInput={({ currentTarget }) => {
              setRoot(currentTarget.value);
              setPlan(null);
            }}
          />
        </label>
      </div>
      {note !== '' && <p class="warning">{note}</p>}
      {counts !== null && (
        <p class="row padded">
          {actions.map(({ action, text }) => (
            <span key={action} class={`plan-${action}`}>{`${counts[action]} ${text}`}</span>
          ))}
        </p>
      )}
      {plan !== null && <PlanList entries={plan.filter(({ action }) => action !== 'same')} />}
      {failed.length > 0 && (
        <VirtualList
          class="delete-list mono"
          label="What failed"
          rows={failed.length}
          rowPx={20}
          row={(at) => <bdi class="cut">{`${failed[at]!.path}: ${failed[at]!.reason}`}</bdi>}
        />
      )}
      <p class="row padded">
        <button type="button" disabled={file === null || !isPath(root) || isBusy} onClick={tryOut}>
          See what it would do
        </button>
        <button type="button" class="primary" disabled={writesDue === 0 || isBusy} onClick={apply}>
          {writesDue === 0 ? 'Write' : `Write ${writesDue.toLocaleString('en')} znodes`}
        </button>
        <button type="button" onClick={stop}>
          {isBusy ? 'Stop' : 'Close'}
        </button>
      </p>
    </div>
  );
}

function PlanList({ entries }: { entries: readonly ImportEntry[] }) {
  return (
    <VirtualList
      class="delete-list mono"
      label="What would be done"
      rows={entries.length}
      rowPx={20}
      row={(at) => {
        const { path, action, reason } = entries[at]!;
        return (
          <>
            <span class={`plan-action plan-${action}`}>{action}</span>
            <bdi class="cut">{path}</bdi>
            {reason !== null && <span class="muted">· {reason}</span>}
          </>
        );
      }}
    />
  );
}
