/** Does what a plan says, parents first, and remembers all of it as one change. */

import type { ImportEntry } from '../logic/import-plan.ts';
import { isWithin } from '../logic/tree-file.ts';
import type { UndoStep } from '../logic/znode-change.ts';
import { sentenceOf } from './asked.ts';
import { writes } from './znode-writes.ts';

export interface Failed {
  readonly path: string;
  readonly reason: string;
}

interface ImportRun {
  readonly isOver: () => boolean;
  readonly progress: (done: number, all: number) => void;
}

export async function applyImport(
  plan: readonly ImportEntry[],
  root: string,
  run: ImportRun,
): Promise<{ done: number; failed: Failed[] }> {
  const due = plan.filter(({ write }) => write !== null);
  const steps: UndoStep[] = [];
  const failed: Failed[] = [];
  let done = 0;
  for (const { path, write, undo, action, versionBefore } of due) {
    if (write === null) continue;
    const above = failed.find((fault) => isWithin(fault.path, path));
    if (run.isOver()) failed.push({ path, reason: 'it was stopped before' });
    else if (action === 'create' && above !== undefined) {
      failed.push({ path, reason: `${above.path} is not there` });
    } else {
      try {
        const written = await writes.make(write);
        const step = undo?.(written.stat?.version ?? versionBefore + 1) ?? null;
        if (step !== null) steps.push(step);
        done++;
      } catch (failure) {
        failed.push({ path, reason: sentenceOf(failure) });
      }
    }
    run.progress(done + failed.length, due.length);
  }
  writes.remember({ title: `import of ${done} znodes into ${root}`, steps, limits: null });
  return { done, failed };
}
