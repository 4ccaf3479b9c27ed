/**
 * All that is made from the machines: a drawing and a page for each, and the index of the pages. By
 * path in the tree; the same machines always give the same bytes.
 */

import type { AnyStateMachine } from 'xstate';
import { layOut } from './chart-layout.ts';
import { chartOf, fileNameOf } from './chart-model.ts';
import { svgOf } from './chart-svg.ts';
import { indexOf, type Page, pageOf, purposeOf } from './machine-page.ts';

export const drawingFolder = 'console/drawings';
export const pageFolder = 'docs/machines';

export interface DrawingOptions {
  readonly machines: { readonly [name: string]: AnyStateMachine };
  /** Text of the file of a machine, by its path in the tree. */
  readonly read: (path: string) => string;
}

export async function allDrawings({
  machines,
  read,
}: DrawingOptions): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const pages: Page[] = [];
  for (const [name, machine] of Object.entries(machines)) {
    const file = fileNameOf(name);
    const chart = chartOf(machine);
    const page = { name, chart, purpose: purposeOf(read(`machines/${file}.ts`)) };
    pages.push(page);
    files.set(`${drawingFolder}/${file}.svg`, svgOf(chart, await layOut(chart)));
    files.set(`${pageFolder}/${file}.md`, pageOf(page));
  }
  return files.set(`${pageFolder}/README.md`, indexOf(pages));
}

/** Is it one of the files that are made? What is made no more must go. */
export function isMade(path: string): boolean {
  return path.startsWith(`${pageFolder}/`) || /^console\/drawings\/[^/]*\.svg$/.test(path);
}
