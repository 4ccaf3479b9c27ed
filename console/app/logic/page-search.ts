/**
 * Finds the page on which a child stands, among the sorted pages of a parent with any number of
 * them, by halving: eleven looks for a million children.
 */

import type { ChildPage } from '../../../protocol/inspection.ts';
import { pageRows } from './tree-rows.ts';

/** Looks at pages until one holds the name, or would; false when the parent cannot be listed. */
export async function searchPage(
  name: string,
  total: number,
  load: (page: number) => Promise<ChildPage | null>,
): Promise<boolean> {
  let low = 0;
  let high = Math.max(0, Math.ceil(total / pageRows) - 1);
  while (low <= high) {
    const middle = (low + high) >> 1;
    const answer = await load(middle);
    if (answer === null) return false;
    const first = answer.rows[0]?.name;
    const last = answer.rows.at(-1)?.name;
    // Children went meanwhile, and the page is behind the last one.
    if (first === undefined || last === undefined) high = middle - 1;
    else if (answer.rows.some((row) => row.name === name)) return true;
    else if (name < first) high = middle - 1;
    else if (name > last) low = middle + 1;
    else return true;
  }
  return true;
}
