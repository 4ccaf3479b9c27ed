/** JSON as a tree that folds. Long lists show their beginning, and more when asked. */

import { useState } from 'preact/hooks';

const shownFirst = 100;
const shownMore = 1_000;

interface JsonFoldProps {
  readonly value: unknown;
  readonly name?: string;
  /** Levels that are open from the start. */
  readonly openLevels?: number;
}

export function JsonFold({ value, name, openLevels = 2 }: JsonFoldProps) {
  const label = name === undefined ? null : <span class="json-name">{name}: </span>;
  if (typeof value === 'object' && value !== null) {
    return <Folder value={value} label={name} openLevels={openLevels} />;
  }
  return (
    <div class="json-line">
      {label}
      <span class={`json-${value === null ? 'null' : typeof value}`}>{JSON.stringify(value)}</span>
    </div>
  );
}

interface FolderProps {
  readonly value: object;
  readonly label: string | undefined;
  readonly openLevels: number;
}

function Folder({ value, label, openLevels }: FolderProps) {
  const [isOpen, setOpen] = useState(openLevels > 0);
  const [shown, setShown] = useState(shownFirst);
  const isList = Array.isArray(value);
  const names = Object.keys(value);
  const [left, right] = isList ? '[]' : '{}';
  const entries: Readonly<Record<string, unknown>> = { ...value };
  return (
    <div class="json-folder">
      <button type="button" class="quiet json-line" onClick={() => setOpen(!isOpen)}>
        <span class="fold">{isOpen ? '▾' : '▸'}</span>
        {label !== undefined && <span class="json-name">{label}: </span>}
        {isOpen ? left : `${left} ${sizeText(names.length, isList)} ${right}`}
      </button>
      {isOpen && (
        <div class="json-inside">
          {names.slice(0, shown).map((name) => (
            <JsonFold key={name} name={name} value={entries[name]} openLevels={openLevels - 1} />
          ))}
          {names.length > shown && (
            <button type="button" class="quiet" onClick={() => setShown(shown + shownMore)}>
              … {names.length - shown} more
            </button>
          )}
          <div>{right}</div>
        </div>
      )}
    </div>
  );
}

const sizeText = (size: number, isList: boolean): string =>
  `${size} ${isList ? 'item' : 'key'}${size === 1 ? '' : 's'}`;
