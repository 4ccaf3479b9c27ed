/** Mutants of watches and events: what a client hears of, when, and how often. */

import type { Mutant } from './mutant.ts';

export const watchMutants: readonly Mutant[] = [
  {
    id: 'event-behind-reply',
    source: 'slip',
    what: 'An event comes behind the reply that shows its change.',
    file: 'actors/watches.ts',
    from: 'port.queueEvent(frame);',
    to: 'const late = Buffer.from(frame);\n          queueMicrotask(() => port.queueEvent(late));',
    finder: 'simulation',
    where: 'mirrors',
  },
  {
    id: 'watch-fires-twice',
    source: 'slip',
    what: 'A one-shot watch stays after its event.',
    file: 'actors/watches.ts',
    from: 'if (after !== before) {',
    to: 'if (after !== before && event !== fireZnode) {',
    finder: 'simulation',
    where: 'watches',
  },
  {
    id: 'persistent-watch-lost',
    source: 'K13 PR #1106',
    what: 'Recursive watches are not set again after a reconnection.',
    file: 'storage/read-watches.ts',
    from: 'for (const path of persistentRecursiveWatches) {',
    to: 'for (const path of persistentRecursiveWatches.slice(0, 0)) {',
    finder: 'simulation',
    where: 'mirrors',
  },
  {
    id: 'gap-not-told',
    source: 'slip',
    what: 'A change between two connections is not told when its watch is set again.',
    file: 'storage/read-watches.ts',
    from: 'rows.wireLong(slot, Field.mzxid) > relativeZxid',
    to: 'rows.wireLong(slot, Field.mzxid) > relativeZxid + 2 ** 40',
    finder: 'simulation',
    where: 'watches',
  },
  {
    id: 'events-of-stalled-lost',
    source: 'K17 etcd #17529',
    what: 'A connection that is not read for a while gets no events meanwhile.',
    file: 'actors/connection.ts',
    from: 'if (!this.isOpen) return;\n    this.#replies.event(frame);',
    to: 'if (this.#state !== flowingState) return;\n    this.#replies.event(frame);',
    finder: 'simulation',
    where: 'mirrors',
  },
  {
    id: 'children-watch-lost',
    source: 'slip',
    what: 'Who watches children does not hear of one that was deleted.',
    file: 'storage/apply.ts',
    from:
      'this.#listener.childrenChanged' +
      '(bytes, start, parentEnd, tree.rows.int(parent, Field.acl));',
    to: '',
    finder: 'simulation',
    where: 'watches',
  },
  {
    id: 'watches-of-others-lost',
    source: 'slip',
    what: 'With the newest watch of a path the older ones of other clients go.',
    file: 'storage/watch-index.ts',
    from: 'if (isHead) heads.set(path, afterInPath);',
    to: 'if (isHead) heads.set(path, noWatch);',
    finder: 'simulation',
    where: 'watches',
  },
];
