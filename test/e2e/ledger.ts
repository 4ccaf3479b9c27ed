/**
 * What one client asked for in its own subtree, and what it was told. A client's requests are done
 * in the order in which it made them, so after a crash the subtree must be exactly what some first
 * part of them leads to: at least all that were acknowledged, with the versions and zxids that the
 * replies named, and nothing after the first one that is missing.
 */

export interface Entry {
  readonly data: string;
  readonly version: number;
  /** Null where no reply has told it. */
  readonly czxid: number | null;
  readonly mzxid: number | null;
  /** Session of an ephemeral, else null. */
  readonly owner: string | null;
  /** The full path of a sequential znode, once known. */
  readonly name: string | null;
}

/** By path; a sequential znode has a key of its own, as its path is the server's choice. */
export type Subtree = Map<string, Entry>;

export interface Step {
  readonly label: string;
  /** Changes the subtree as the request does; looks at the reply, if there is one. */
  readonly apply: (tree: Subtree) => void;
  isAcked: boolean;
}

export class Ledger {
  /** What is known to be there from the last look. */
  base: Subtree = new Map();
  /** All that was asked for since, in order. */
  steps: Step[] = [];
  /** With all of them done: what further requests may build on. */
  head: Subtree = new Map();
  ackedCount = 0;

  add(label: string, apply: (tree: Subtree) => void): Step {
    const step: Step = { label, apply, isAcked: false };
    this.steps.push(step);
    apply(this.head);
    return step;
  }

  /** Promises of one turn settle in any order: the order of the replies is checked by `settle`. */
  acked(step: Step): void {
    step.isAcked = true;
    while (this.steps[this.ackedCount]?.isAcked) this.ackedCount++;
  }

  /**
   * Finds the first part of the steps that explains `found`, and goes on from there.
   * @returns how many unacknowledged steps had been done
   * @throws Error when no such part exists, naming the differences from the acknowledged state
   */
  settle(found: Subtree): number {
    const early = this.steps.slice(this.ackedCount).find(({ isAcked }) => isAcked);
    if (early) throw new Error(`acknowledged before an earlier request: ${early.label}`);
    const tree = new Map(this.base);
    for (const step of this.steps.slice(0, this.ackedCount)) step.apply(tree);
    let differences = differencesOf(tree, found);
    const atAck = differences;
    let done = this.ackedCount;
    while (differences.length > 0) {
      const next = this.steps[done];
      if (next === undefined) {
        const unacked = this.steps.slice(this.ackedCount).map(({ label }) => label);
        throw new Error(
          [
            'no first part of the requests leads to what is there. Against what was acknowledged:',
            ...atAck.slice(0, 20),
            `Unacknowledged: ${unacked.slice(0, 50).join(', ')}`,
          ].join('\n'),
        );
      }
      next.apply(tree);
      done++;
      differences = differencesOf(tree, found);
    }
    const survivors = done - this.ackedCount;
    this.base = new Map(found);
    this.head = new Map(found);
    this.steps = [];
    this.ackedCount = 0;
    return survivors;
  }
}

function differencesOf(expected: Subtree, found: Subtree): string[] {
  const list: string[] = [];
  for (const [key, entry] of expected) {
    const other = found.get(key);
    if (other === undefined) list.push(`${key} is missing: ${JSON.stringify(entry)}`);
    else if (!agrees(entry, other)) {
      list.push(`${key} is ${JSON.stringify(other)}, not ${JSON.stringify(entry)}`);
    }
  }
  for (const key of found.keys()) if (!expected.has(key)) list.push(`${key} is there`);
  return list;
}

/** Null in `expected` stands for what nobody was told. */
function agrees(expected: Entry, found: Entry): boolean {
  return (
    expected.data === found.data &&
    expected.version === found.version &&
    expected.owner === found.owner &&
    (expected.czxid ?? found.czxid) === found.czxid &&
    (expected.mzxid ?? found.mzxid) === found.mzxid &&
    (expected.name ?? found.name) === found.name
  );
}
