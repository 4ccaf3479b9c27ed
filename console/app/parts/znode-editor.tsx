/**
 * Edits a znode's value: first the text, then the differences, then a write that holds only if the
 * version still is the one that was read. If somebody else was quicker, it shows what he changed,
 * and either his value is taken over or ours is put on top of it.
 */

import { useState } from 'preact/hooks';
import type { ZnodeView } from '../../../protocol/inspection.ts';
import { ApiError } from '../live.ts';
import { base64Of } from '../logic/data-bytes.ts';
import { bytesEdited, type EditedValue, editedOf } from '../logic/edited-value.ts';
import { undoOfSet, versionAfter } from '../logic/znode-change.ts';
import { sentenceOf } from './asked.ts';
import { DiffView } from './diff-view.tsx';
import { ValueField } from './value-field.tsx';
import { lookAt, writes } from './znode-writes.ts';

interface ZnodeEditorProps {
  readonly sid: number;
  /** As it was when editing began; its value is readable. */
  readonly znode: ZnodeView;
  readonly onDone: () => void;
}

const conflict = 409;

export function ZnodeEditor({ sid, znode, onDone }: ZnodeEditorProps) {
  const [base, setBase] = useState(znode);
  const [theirs, setTheirs] = useState<ZnodeView | null>(null);
  const [value, setValue] = useState<EditedValue>(() => editedOf(znode.data ?? ''));
  const [isReview, setReview] = useState(false);
  const [note, setNote] = useState('');
  const bytes = bytesEdited(value);
  const shown = (view: ZnodeView): string => editedOf(view.data ?? '', value.form).text;

  const conflicted = async (failure: unknown): Promise<void> => {
    setNote(sentenceOf(failure));
    if (!(failure instanceof ApiError) || failure.status !== conflict) return;
    const now = await lookAt(sid, base.path);
    if (now === null || now.data === null) setNote(`${base.path} is gone, or not readable now.`);
    else setTheirs(now);
  };

  const save = async (): Promise<void> => {
    if (bytes === null) return;
    const data = base64Of(bytes);
    const { path, stat } = base;
    setNote('Saving …');
    try {
      const written = await writes.make({ op: 'set', path, data, version: stat.version });
      const step = undoOfSet(base, data, versionAfter(stat, written));
      writes.remember({
        title: `set ${path}`,
        steps: step === null ? [] : [step],
        limits: null,
      });
      onDone();
    } catch (failure) {
      await conflicted(failure).catch((other: unknown) => setNote(sentenceOf(other)));
    }
  };

  const settle = (isTheirs: boolean): void => {
    if (theirs === null) return;
    if (isTheirs) setValue(editedOf(theirs.data ?? ''));
    setBase(theirs);
    setTheirs(null);
    setReview(!isTheirs);
    setNote('');
  };

  if (theirs !== null) {
    return (
      <div class="editor">
        <p class="warning">
          {`${note}. What changed meanwhile (now version ${theirs.stat.version}):`}
        </p>
        <DiffView before={shown(base)} after={shown(theirs)} />
        <p class="row padded">
          <button type="button" class="primary" onClick={() => settle(true)}>
            Take it over and edit that
          </button>
          <button type="button" onClick={() => settle(false)}>
            Keep mine, and look at it against the new value
          </button>
          <button type="button" onClick={onDone}>
            Cancel
          </button>
        </p>
      </div>
    );
  }
  return (
    <div class="editor">
      {isReview ? (
        <DiffView before={shown(base)} after={value.text} />
      ) : (
        <ValueField value={value} onChange={setValue} />
      )}
      {note !== '' && <p class="warning">{note}</p>}
      {bytes === null && <p class="warning">These are not pairs of hex digits.</p>}
      <p class="row padded">
        {isReview ? (
          <>
            <button type="button" class="primary" onClick={save}>
              {`Save over version ${base.stat.version}`}
            </button>
            <button type="button" onClick={() => setReview(false)}>
              Back
            </button>
          </>
        ) : (
          <button
            type="button"
            class="primary"
            disabled={bytes === null}
            onClick={() => setReview(true)}
          >
            Look at the differences
          </button>
        )}
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </p>
    </div>
  );
}
