/**
 * A value of JSON, folded; what differs from the value before is marked. Long lists show their
 * beginning, and more when asked. Shown as text only.
 */

import { useState } from 'preact/hooks';
import { isBranch, isSame, partOf, shortText } from '../changed-keys.ts';

const shownFirst = 100;
const shownMore = 1_000;

interface Looks {
  /** Levels that are open from the start. */
  readonly openLevels?: number;
  /** Longer texts are cut. */
  readonly charsMax?: number;
}

interface JsonTreeProps extends Looks {
  readonly value: unknown;
  /** Undefined: nothing is marked. */
  readonly before?: unknown;
}

export function JsonTree({ value, before, openLevels = 1, charsMax = 200 }: JsonTreeProps) {
  if (!isBranch(value)) return <p class="json mono">{shortText(value, 2 * charsMax)}</p>;
  const looks = { openLevels: openLevels - 1, charsMax };
  return (
    <div class="json mono">
      <Parts value={value} before={before} isMarked={before !== undefined} looks={looks} />
    </div>
  );
}

interface PartsProps {
  readonly value: { readonly [key: string]: unknown };
  readonly before: unknown;
  readonly isMarked: boolean;
  readonly looks: Required<Looks>;
}

function Parts({ value, before, ...how }: PartsProps) {
  const [shown, setShown] = useState(shownFirst);
  const keys = Object.keys(value);
  return (
    <>
      {keys.slice(0, shown).map((key) => (
        <Part key={key} name={key} value={value[key]} before={partOf(before, key)} {...how} />
      ))}
      {keys.length > shown && (
        <button type="button" class="quiet" onClick={() => setShown(shown + shownMore)}>
          … {keys.length - shown} more
        </button>
      )}
      {keys.length === 0 && <div class="muted">empty</div>}
    </>
  );
}

interface PartProps {
  readonly name: string;
  readonly value: unknown;
  readonly before: unknown;
  readonly isMarked: boolean;
  readonly looks: Required<Looks>;
}

function Part({ name, value, before, isMarked, looks }: PartProps) {
  const [isOpen, setOpen] = useState(looks.openLevels > 0);
  const isChanged = isMarked && !isSame(value, before);
  const mark = isChanged ? 'json-part is-changed' : 'json-part';
  if (!isBranch(value) || Object.keys(value).length === 0) {
    const hint = isChanged ? `before: ${shortText(before, 200)}` : undefined;
    const type = value === null ? 'null' : typeof value;
    return (
      <div class={mark} title={hint}>
        <span class="json-key">{name}</span>{' '}
        <span class={`json-${type}`}>{shortText(value, looks.charsMax)}</span>
      </div>
    );
  }
  const inner = { ...looks, openLevels: looks.openLevels - 1 };
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
          <Parts value={value} before={before} isMarked={isMarked} looks={inner} />
        </div>
      )}
    </div>
  );
}
