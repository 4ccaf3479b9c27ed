/** A value of JSON, folded; what differs from the value before is marked. Shown as text only. */

import { useState } from 'preact/hooks';
import { isBranch, isSame, partOf, shortText } from '../changed-keys.ts';

/** More parts than this are told by their number. */
const partsMax = 200;

interface JsonTreeProps {
  readonly value: unknown;
  /** Undefined: nothing is marked. */
  readonly before?: unknown;
}

export function JsonTree({ value, before }: JsonTreeProps) {
  if (!isBranch(value)) return <p class="json mono">{shortText(value, 400)}</p>;
  return (
    <div class="json mono">
      <Parts value={value} before={before} isMarked={before !== undefined} />
    </div>
  );
}

interface PartsProps {
  readonly value: { readonly [key: string]: unknown };
  readonly before: unknown;
  readonly isMarked: boolean;
}

function Parts({ value, before, isMarked }: PartsProps) {
  const keys = Object.keys(value);
  return (
    <>
      {keys.slice(0, partsMax).map((key) => (
        <Part
          key={key}
          name={key}
          value={value[key]}
          before={partOf(before, key)}
          isMarked={isMarked}
        />
      ))}
      {keys.length > partsMax && <div class="muted">… {keys.length - partsMax} more</div>}
      {keys.length === 0 && <div class="muted">empty</div>}
    </>
  );
}

interface PartProps {
  readonly name: string;
  readonly value: unknown;
  readonly before: unknown;
  readonly isMarked: boolean;
}

function Part({ name, value, before, isMarked }: PartProps) {
  const [isOpen, setOpen] = useState(false);
  const isChanged = isMarked && !isSame(value, before);
  const mark = isChanged ? 'json-part is-changed' : 'json-part';
  if (!isBranch(value) || Object.keys(value).length === 0) {
    const hint = isChanged ? `before: ${shortText(before, 200)}` : undefined;
    return (
      <div class={mark} title={hint}>
        <span class="json-key">{name}</span> <Leaf value={value} />
      </div>
    );
  }
  return (
    <div class={mark}>
      <button
        type="button"
        class="quiet json-fold"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {isOpen ? '▾' : '▸'} <span class="json-key">{name}</span>{' '}
        {!isOpen && <span class="muted">{shortText(value, 34)}</span>}
      </button>
      {isOpen && (
        <div class="json-inner">
          <Parts value={value} before={before} isMarked={isMarked} />
        </div>
      )}
    </div>
  );
}

function Leaf({ value }: { readonly value: unknown }) {
  return (
    <span class={`json-${value === null ? 'null' : typeof value}`}>{shortText(value, 200)}</span>
  );
}
