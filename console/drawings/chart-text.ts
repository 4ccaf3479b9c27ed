/**
 * What is written into a chart, in lines that fit: `event [guard] / actions` of a transition, and
 * `entry / actions` of a state. Widths are reckoned from the number of characters: labels are set
 * in a typeface of one width, so that a drawing is the same on every machine that makes it.
 */

import type { ChartState, ChartTransition } from './chart-model.ts';

/** A piece of text in one voice; the stylesheet says how each sounds. */
export interface Piece {
  readonly voice: 'event' | 'guard' | 'action' | 'word';
  readonly text: string;
}

export type Line = readonly Piece[];

/** Lines that belong together; those of a transition carry its id. */
export interface Row {
  readonly transition: string | null;
  readonly lines: readonly Line[];
}

/** Of common typefaces of one width the widest takes 0.602 of its size per character. */
export const labelCharacter = 6.7;
export const labelLine = 15;
/** Names of states are set larger, and not in one width: this is more than they take. */
export const nameCharacter = 8;

/** Continued lines begin further right. */
const indent = 2;

export function transitionRow(transition: ChartTransition, columns: number): Row {
  return { transition: transition.id, lines: wrap(transitionPieces(transition), columns) };
}

/** What a state does when it is entered and left, and whom it invokes meanwhile. */
export function stateRows(state: ChartState, columns: number): Row[] {
  return statePieces(state).map((pieces) => ({ transition: null, lines: wrap(pieces, columns) }));
}

/** The same in one line. */
export function transitionText(transition: ChartTransition): string {
  return joined(transitionPieces(transition));
}

export function stateText(state: ChartState): string[] {
  return statePieces(state).map(joined);
}

export function widthOf(rows: readonly Row[]): number {
  const columns = rows.flatMap(({ lines }) => lines.map(lengthOf));
  return Math.ceil(Math.max(0, ...columns) * labelCharacter);
}

export function heightOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { lines }) => sum + lines.length, 0) * labelLine;
}

/** Text of an element or an attribute. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

function transitionPieces(transition: ChartTransition): Piece[] {
  const { event, guard, actions, isReentering, target, source } = transition;
  const pieces: Piece[] = [{ voice: 'event', text: event }];
  if (guard !== null) pieces.push({ voice: 'guard', text: `[${guard}]` });
  if (isReentering && target === source) pieces.push({ voice: 'word', text: 'again' });
  return [...pieces, ...list(actions)];
}

function statePieces({ entry, exit, invokes }: ChartState): Piece[][] {
  return Object.entries({ entry, exit, invoke: invokes })
    .filter(([, actions]) => actions.length > 0)
    .map(([word, actions]) => [{ voice: 'word', text: word }, ...list(actions)]);
}

const joined = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join(' ');

function list(actions: readonly string[]): Piece[] {
  return actions.map((action, at) => ({
    voice: 'action',
    text: `${at === 0 ? '/ ' : ''}${action}${at === actions.length - 1 ? '' : ','}`,
  }));
}

/** As many pieces on a line as fit; one that is longer than a line is broken where it must be. */
function wrap(pieces: readonly Piece[], columns: number): Line[] {
  const lines: Piece[][] = [[]];
  let used = 0;
  for (const { voice, text } of pieces) {
    for (const part of split(text, columns - indent)) {
      const line = lines.at(-1)!;
      if (line.length > 0 && used + 1 + part.length > columns) {
        lines.push([{ voice, text: part }]);
        used = indent + part.length;
      } else {
        line.push({ voice, text: part });
        used += part.length + (line.length > 1 ? 1 : 0);
      }
    }
  }
  return lines.map((line, at) => (at === 0 ? line : [pad(line[0]!), ...line.slice(1)]));
}

function split(text: string, size: number): string[] {
  if (text.length <= size) return [text];
  return [text.slice(0, size), ...split(text.slice(size), size)];
}

/** No-break spaces: ordinary ones at the beginning of a line would vanish. */
const pad = ({ voice, text }: Piece): Piece => ({
  voice,
  text: '\u00a0'.repeat(indent) + text,
});

const lengthOf = (line: Line): number =>
  line.reduce((sum, { text }) => sum + text.length, line.length - 1);
