/**
 * The history: batches go from appended to logged to committed to applied, in order; what a leader
 * puts in their place is taken over in one step.
 */

import { describe, expect, test } from 'vitest';
import type { BatchApplier } from '../../actors/applier.ts';
import { follows, History } from '../../actors/history.ts';
import { firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import type { History as Adopted } from '../../storage/log-store.ts';
import type { ReplicatedState } from '../../storage/replicated-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { createBody, frameOf, Pipeline } from '../support/pipeline.ts';

/** A log that answers when the test says so, for appends and for what takes its history's place. */
class SlowLog extends MemoryLog {
  readonly answers: (() => void)[] = [];
  readonly asked: string[] = [];
  isHeld = true;

  #answered(): Promise<void> {
    if (!this.isHeld) return Promise.resolve();
    return new Promise((resolve) => this.answers.push(resolve));
  }

  override async append(frame: Buffer): Promise<void> {
    this.asked.push(`append ${lastZxidOf(frame)}`);
    const answered = this.#answered();
    await super.append(frame);
    await answered;
  }

  override async adopt(adopted: Adopted): Promise<void> {
    this.asked.push(`adopt ${adopted.cutTo}`);
    await this.#answered();
    await super.adopt(adopted);
  }

  override async noteCommitted(zxid: number): Promise<void> {
    this.asked.push(`committed ${zxid}`);
    await super.noteCommitted(zxid);
  }
}

const { txns } = (() => {
  const pipeline = new Pipeline({ sessions: [] });
  for (let at = 0; at < 40; at++) pipeline.prepare(Opcode.create, createBody(`/z${at}`));
  return pipeline;
})();

/** A batch of the txns from `first` to `last`; of epoch 1 they have other contents. */
function batch(first: number, last = first, epoch = 0): Buffer {
  const zxid = (counter: number) => makeZxid(epoch, counter);
  const place = epoch * 20;
  const part = txns.slice(place + first - 1, place + last);
  return frameOf(part.map((txn, at) => ({ ...txn, zxid: zxid(first + at) })));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function rig(log = new SlowLog(), startZxid = 0) {
  const seen: string[] = [];
  const state = { lastZxid: startZxid };
  const clock = new FakeClock();
  const applier = {
    apply: (frame: Buffer) => {
      expect(firstZxidOf(frame), 'dense').toSatisfy(() => follows(frame, state.lastZxid));
      state.lastZxid = lastZxidOf(frame);
    },
  } as unknown as BatchApplier;
  const history = new History(state as unknown as ReplicatedState, log, applier, clock, {
    logged: (zxid) => void seen.push(`logged ${zxid}`),
    failed: (reason) => void seen.push(`failed: ${reason.message}`),
    damaged: ({ message }) => void seen.push(`damaged: ${message}`),
    flushTook: () => {},
    applied: () => void seen.push(`applied ${state.lastZxid}`),
  });
  const append = (first: number, last = first) =>
    history.append(batch(first, last), () => {
      seen.push(state.lastZxid >= last ? `released ${last}` : `dropped ${last}`);
    });
  /** The log answers for the oldest write that it was given. */
  const answer = async () => {
    log.answers.shift()!();
    await turn();
  };
  const adopt = (cutTo: number, frames: readonly Buffer[], epoch = 1) =>
    history.adopt({ cutTo, frames, promises: promisesOf(epoch) }, () => void seen.push('adopted'));
  /** Deferred tasks run, and the log answers for everything. */
  const settle = async () => {
    for (let left = 6; left > 0; left--) {
      clock.endTurn();
      for (const done of log.answers.splice(0)) done();
      await turn();
    }
  };
  const unapplied = () => Array.from(history.unapplied(), lastZxidOf);
  return { log, clock, seen, state, history, append, answer, adopt, settle, unapplied };
}

const promisesOf = (epoch: number) => ({ acceptedEpoch: epoch, currentEpoch: epoch });

describe('a batch', () => {
  test('is applied when it is logged and committed, whichever comes first', async () => {
    const { history, seen, append, answer } = rig();
    append(1);
    await answer();
    expect(seen).toEqual(['logged 1']);
    history.commit(1);
    expect(seen).toEqual(['logged 1', 'released 1', 'applied 1']);

    append(2);
    history.commit(2);
    expect(seen).toHaveLength(3);
    await answer();
    expect(seen.slice(3)).toEqual(['logged 2', 'released 2', 'applied 2']);
  });

  test('goes in zxid order, and no further than the commit reaches', async () => {
    const { history, seen, state, append, answer, unapplied } = rig();
    append(1, 3);
    append(4, 5);
    append(6);
    for (let at = 0; at < 3; at++) await answer();
    seen.length = 0;

    history.commit(5);

    expect(seen).toEqual(['released 3', 'applied 3', 'released 5', 'applied 5']);
    expect([state.lastZxid, unapplied()]).toEqual([5, [6]]);
  });

  test('is applied as a whole: not before its last txn is committed', async () => {
    const { history, seen, append, answer } = rig();
    append(1, 3);
    await answer();
    seen.length = 0;

    history.commit(2);
    expect(seen).toEqual([]);
    history.commit(3);
    expect(seen).toEqual(['released 3', 'applied 3']);
  });

  test('that is committed waits for its own flush, though others hold it', async () => {
    const { history, state, append, answer } = rig();
    append(1);
    append(2);
    history.commit(2);
    expect(state.lastZxid).toBe(0);
    await answer();
    expect(state.lastZxid).toBe(1);
    await answer();

    expect([state.lastZxid, history.isIdle]).toEqual([2, true]);
  });

  test('counts from its end as appended, logged, committed', async () => {
    const { history, append, answer } = rig();
    const zxids = () => [history.lastZxid, history.loggedZxid, history.committedZxid];
    append(1, 2);
    append(3);
    expect(zxids()).toEqual([3, 0, 0]);
    await answer();
    expect(zxids()).toEqual([3, 2, 0]);
    history.commit(1);
    history.commit(0);

    expect(zxids()).toEqual([3, 2, 1]);
  });
});

describe('at a start', () => {
  test('the end of the log waits for a commit, without being logged again', async () => {
    const log = new SlowLog();
    log.isHeld = false;
    for (const frame of [batch(1), batch(2), batch(3, 4)]) await log.append(frame);
    log.asked.length = 0;
    const { history, seen, unapplied } = rig(log, 1);
    expect(unapplied()).toEqual([2, 4]);
    expect([history.loggedZxid, history.committedZxid]).toEqual([4, 1]);

    history.commit(4);

    expect([seen, log.asked]).toEqual([['applied 2', 'applied 4'], []]);
  });
});

describe('adopting', () => {
  async function appended() {
    const made = rig();
    for (const zxid of [1, 2, 3]) made.append(zxid);
    for (const _zxid of [1, 2, 3]) await made.answer();
    made.history.commit(1);
    made.seen.length = 0;
    return made;
  }
  const next = batch(1, 2, 1);
  const nextZxid = makeZxid(1, 2);

  test('cuts what is not the leader’s, and puts its own in that place', async () => {
    const { history, log, state, seen, adopt, settle, unapplied } = await appended();

    adopt(2, [next]);
    await settle();
    expect(unapplied()).toEqual([2, nextZxid]);
    expect([history.lastZxid, history.loggedZxid]).toEqual([nextZxid, nextZxid]);
    expect(Array.from(log.read(0), lastZxidOf)).toEqual([1, 2, nextZxid]);
    expect(history.promises).toEqual(promisesOf(1));
    history.commit(nextZxid);

    expect(state.lastZxid).toBe(nextZxid);
    expect(seen.filter((line) => line.startsWith('applied'))).toEqual([
      ...['applied 2', `applied ${nextZxid}`],
    ]);
  });

  test('changes nothing before it is durable', async () => {
    const { history, clock, seen, adopt, unapplied, answer } = await appended();

    adopt(2, [next]);
    clock.endTurn();
    await turn();
    expect([unapplied(), seen]).toEqual([[2, 3], []]);
    expect([history.lastZxid, history.loggedZxid]).toEqual([3, 3]);

    await answer();
    expect(seen).toContain('adopted');
  });

  test('gives back the memory of what it drops', async () => {
    const { seen, adopt, settle } = await appended();

    adopt(2, [next]);
    await settle();

    expect(seen.filter((line) => /released|dropped/.test(line))).toEqual(['dropped 3']);
  });

  test('applies what is known to be committed already', async () => {
    const { history, state, adopt, settle } = await appended();
    // Told on admission; the link broke before the batches came.
    history.commit(nextZxid);
    expect(state.lastZxid).toBe(3);

    adopt(3, [next]);
    await settle();
    history.commit(nextZxid);

    expect(state.lastZxid).toBe(nextZxid);
  });

  test('waits for batches that are on their way into the log', async () => {
    const { log, append, adopt, answer, settle, unapplied } = await appended();
    append(4);

    adopt(2, [next]);
    await turn();
    expect(log.asked.at(-1)).toBe('append 4');
    await answer();
    await settle();

    expect(log.asked.at(-1)).toBe('adopt 2');
    expect(unapplied()).toEqual([2, nextZxid]);
  });

  test('keeps other writes from the log until it is durable', async () => {
    const { history, log, adopt, clock, answer } = await appended();
    log.asked.length = 0;

    adopt(3, []);
    history.noteCommitted();
    clock.endTurn();
    history.noteCommitted();
    expect(log.asked).toEqual(['adopt 3']);
    await answer();
    history.noteCommitted();

    expect(log.asked).toEqual(['adopt 3', 'committed 1']);
  });

  test('never cuts what is applied (Z10)', async () => {
    const { history, adopt } = await appended();
    history.commit(2);

    expect(() => adopt(1, [])).toThrow(/never cut/);
  });

  test('is over before it counts as settled', async () => {
    const { history, seen, adopt, settle } = await appended();

    adopt(2, [next]);
    history.settle(() => void seen.push('settled'));
    await settle();

    expect(seen.filter((line) => !line.startsWith('dropped'))).toEqual(['adopted', 'settled']);
  });
});

describe('a snapshot of the leader', () => {
  test('takes the place of the log, with the batches behind it', async () => {
    const { history, log, append, answer, settle, seen } = rig();
    append(1);
    await answer();

    history.restartAfter(7, [batch(8)], () => void seen.push('restarted'));
    await settle();

    expect(seen.at(-1)).toBe('restarted');
    expect([log.startZxid, Array.from(log.read(0), lastZxidOf)]).toEqual([7, [8]]);
  });
});

describe('what is committed', () => {
  test('is noted in the log, as far as it is applied, once', async () => {
    const { history, log, append, answer } = rig();
    append(1);
    append(2);
    history.commit(2);
    history.noteCommitted();
    await answer();
    history.noteCommitted();
    await turn();
    history.noteCommitted();

    expect(log.asked.slice(2)).toEqual(['committed 1']);
    expect(log.committedZxid).toBe(1);
  });
});

describe('a failed write', () => {
  test('ends it: nothing is logged or applied any more, and it is told once', async () => {
    const log = new SlowLog();
    const { history, seen, append } = rig(log);
    append(1);
    log.failure = new Error('disk full');
    append(2);
    history.storePromises(promisesOf(3), () => void seen.push('promised'));
    history.commit(2);
    await turn();
    for (const done of log.answers) done();
    await turn();

    expect(seen).toEqual(['failed: disk full']);
  });

  test('elsewhere ends it too', async () => {
    const { history, seen, append, answer } = rig();
    append(1);
    history.commit(1);
    history.halt();
    await answer();

    expect(seen).toEqual([]);
  });
});

describe('a batch follows a zxid', () => {
  const first = makeZxid(2, 1);
  const cases: [string, Buffer, number, boolean][] = [
    ['the next one', batch(5), 4, true],
    ['one that skips', batch(6), 4, false],
    ['one that overlaps', batch(4), 4, false],
    ['the first of a later epoch', batch(1, 1, 1), 4, true],
    ['the second of a later epoch', batch(2, 2, 1), 4, false],
    ['the first of an earlier epoch', batch(1, 1, 1), first, false],
    ['the first of the same epoch', batch(1, 1, 1), makeZxid(1, 1), false],
  ];
  for (const [name, frame, zxid, isNext] of cases) {
    test(`${isNext ? '' : 'not '}if it is ${name}`, () => {
      expect(follows(frame, zxid)).toBe(isNext);
    });
  }
});
