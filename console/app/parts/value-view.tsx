/** A znode's value: as text, as JSON that folds, or as hex, with what its bytes are known to be. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { bytesText } from '../figures.ts';
import { bytesOf, hexRow, hexRows } from '../logic/data-bytes.ts';
import { meaningOf, meaningUnpacked, type ValueMeaning } from '../logic/value-meaning.ts';
import { saveFile } from './file-save.ts';
import { JsonTree } from './json-tree.tsx';
import { VirtualList } from './virtual-list.tsx';

type Form = 'json' | 'text' | 'hex';

/** Text above this is cut; hex and the download have all of it. */
const textMax = 200_000;

export function ValueView({ path, data }: { path: string; data: string | null }) {
  const bytes = useMemo(() => (data === null ? null : bytesOf(data)), [data]);
  const [unpacked, setUnpacked] = useState<{ of: Uint8Array; meaning: ValueMeaning } | null>(null);
  const [chosen, setChosen] = useState<Form | null>(null);
  useEffect(() => {
    if (bytes === null) return;
    let isOver = false;
    void meaningUnpacked(path, bytes).then((meaning) => {
      if (!isOver) setUnpacked({ of: bytes, meaning });
    });
    return () => {
      isOver = true;
    };
  }, [path, bytes]);
  const plain = useMemo(() => (bytes === null ? null : meaningOf(path, bytes)), [path, bytes]);
  if (bytes === null || plain === null) {
    return <p class="padded muted">The value is not readable without permission.</p>;
  }
  const meaning = unpacked?.of === bytes ? unpacked.meaning : plain;
  const forms = formsOf(meaning);
  const form = chosen !== null && forms.includes(chosen) ? chosen : forms[0]!;
  return (
    <div class="value">
      <div class="row value-bar">
        <span class="grow cut">
          {meaning.name} <span class="muted">· {bytesText(bytes.length)}</span>
        </span>
        {forms.map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={each === form}
            onClick={() => setChosen(each)}
          >
            {each}
          </button>
        ))}
        <button type="button" onClick={() => saveFile(fileName(path), bytes)}>
          Save
        </button>
      </div>
      {meaning.facts.length > 0 && (
        <table class="facts">
          <tbody>
            {meaning.facts.map(([name, value]) => (
              <tr key={name}>
                <th>{name}</th>
                <td class="mono">{value}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Body form={form} bytes={bytes} meaning={meaning} />
    </div>
  );
}

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1) || 'root';

function formsOf({ json, text }: ValueMeaning): Form[] {
  const forms: Form[] = json === undefined ? [] : ['json'];
  if (text !== null) forms.push('text');
  return [...forms, 'hex'];
}

interface BodyProps {
  readonly form: Form;
  readonly bytes: Uint8Array;
  readonly meaning: ValueMeaning;
}

function Body({ form, bytes, meaning }: BodyProps) {
  if (bytes.length === 0) return <p class="padded muted">no bytes</p>;
  if (form === 'json') {
    return (
      <div class="value-body mono">
        <JsonTree value={meaning.json} openLevels={2} charsMax={Number.POSITIVE_INFINITY} />
      </div>
    );
  }
  if (form === 'hex') return <HexView bytes={bytes} />;
  const text = meaning.text ?? '';
  return (
    <div class="value-body">
      <pre class="mono">{text.slice(0, textMax)}</pre>
      {text.length > textMax && (
        <p class="muted">
          {`The first ${textMax.toLocaleString('en')} of ${text.length.toLocaleString('en')} `}
          characters; hex shows all, and Save writes all.
        </p>
      )}
    </div>
  );
}

function HexView({ bytes }: { bytes: Uint8Array }) {
  return (
    <VirtualList
      class="value-body hex mono"
      label="Bytes"
      rows={hexRows(bytes.length)}
      rowPx={18}
      row={(at) => {
        const { offset, hex, text } = hexRow(bytes, at);
        return (
          <>
            <span class="muted">{offset}</span>
            <span class="hex-bytes">{hex}</span>
            <span class="hex-text">{text}</span>
          </>
        );
      }}
    />
  );
}
