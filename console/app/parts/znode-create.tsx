/** Makes a child of a znode: its name, kind and value. */

import { useState } from 'preact/hooks';
import { base64Of } from '../logic/data-bytes.ts';
import { bytesEdited, type EditedValue } from '../logic/edited-value.ts';
import { childPath } from '../logic/tree-rows.ts';
import { undoOfCreate, type ZnodeWrite } from '../logic/znode-change.ts';
import { linkTo } from '../route.ts';
import { sentenceOf } from './asked.ts';
import { ValueField } from './value-field.tsx';
import { writes } from './znode-writes.ts';

const kinds = ['persistent', 'container', 'ttl'] as const;
type Kind = (typeof kinds)[number];

export function ZnodeCreate({ parent, onDone }: { parent: string; onDone: () => void }) {
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('persistent');
  const [ttl, setTtl] = useState('60000');
  const [value, setValue] = useState<EditedValue>({ form: 'text', text: '' });
  const [note, setNote] = useState('');
  const bytes = bytesEdited(value);
  const ttlMs = Number(ttl);
  const isTtlFine = kind !== 'ttl' || (Number.isInteger(ttlMs) && ttlMs > 0);
  const isFine = name !== '' && !name.includes('/') && bytes !== null && isTtlFine;

  const create = async (): Promise<void> => {
    if (bytes === null) return;
    const data = base64Of(bytes);
    const path = childPath(parent, name);
    const body: ZnodeWrite = { op: 'create', path, data, kind };
    setNote('Creating …');
    try {
      await writes.make(kind === 'ttl' ? { ...body, ttlMs } : body);
      writes.remember({ title: `create ${path}`, steps: [undoOfCreate(path, data)], limits: null });
      location.hash = linkTo('tree', path);
      onDone();
    } catch (failure) {
      setNote(sentenceOf(failure));
    }
  };

  return (
    <div class="editor">
      <div class="row padded">
        <label class="row grow">
          Name
          <input
            class="grow mono"
            spellcheck={false}
            value={name}
            onInput={({ currentTarget }) => setName(currentTarget.value)}
          />
        </label>
        <select
          aria-label="Kind"
          value={kind}
          onChange={({ currentTarget }) =>
            setKind(kinds.find((each) => each === currentTarget.value) ?? 'persistent')
          }
        >
          {kinds.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        {kind === 'ttl' && (
          <label class="row">
            ms
            <input
              class="ttl-field"
              inputMode="numeric"
              value={ttl}
              onInput={({ currentTarget }) => setTtl(currentTarget.value)}
            />
          </label>
        )}
      </div>
      <ValueField value={value} onChange={setValue} />
      {note !== '' && <p class="warning">{note}</p>}
      <p class="row padded">
        <button type="button" class="primary" disabled={!isFine} onClick={create}>
          Create
        </button>
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </p>
    </div>
  );
}
