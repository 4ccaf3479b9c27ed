/**
 * All znodes of a sub-tree, as they are before somebody deletes it: listed page by page and looked
 * at one by one, so that each can be deleted at the version that was seen, and made again.
 */

import type { ChildPage, ZnodeView } from '../../../protocol/inspection.ts';
import { childPath, pageRows } from './tree-rows.ts';

export interface SubtreeReader {
  readonly children: (path: string, offset: number, limit: number) => Promise<ChildPage | null>;
  readonly look: (path: string) => Promise<ZnodeView | null>;
  /** Called as it goes on. */
  readonly progress: (found: number) => void;
}

export class TooMany extends Error {}

/** Parents first. @throws TooMany above `max`, Error where something may not be listed */
export async function readSubtree(
  reader: SubtreeReader,
  root: string,
  max: number,
): Promise<ZnodeView[]> {
  const found: ZnodeView[] = [];
  const waiting = [root];
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const view = await reader.look(path);
    // It went while we looked.
    if (view === null) continue;
    found.push(view);
    reader.progress(found.length);
    if (view.stat.numChildren === 0) continue;
    if (found.length + waiting.length + view.stat.numChildren > max) {
      throw new TooMany(`There are more than ${max.toLocaleString('en')} znodes.`);
    }
    waiting.push(...(await childrenOf(reader, path)));
  }
  return found;
}

async function childrenOf({ children }: SubtreeReader, path: string): Promise<string[]> {
  const paths: string[] = [];
  for (let offset = 0; ; offset += pageRows) {
    const page = await children(path, offset, pageRows);
    if (page === null) throw new Error(`The children of ${path} cannot be listed.`);
    paths.push(...page.rows.map(({ name }) => childPath(path, name)));
    if (page.rows.length === 0 || paths.length >= page.total) return paths;
  }
}
