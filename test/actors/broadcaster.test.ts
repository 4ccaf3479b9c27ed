/** What a leader's broadcasts tell of commits, and which of them go alone. */

import { describe, expect, test } from 'vitest';
import { Broadcaster } from '../../actors/broadcaster.ts';
import type { History } from '../../actors/history.ts';
import { LocalHub } from '../../actors/local-bus.ts';
import { silentNotes } from '../../actors/note.ts';
import { Post } from '../../actors/post.ts';
import { headroomBytes } from '../../actors/proposer.ts';
import { PacketKind } from '../../protocol/packet.ts';
import { FakeClock } from '../support/fake-clock.ts';

function rig({ doAllVote = true } = {}) {
  const clock = new FakeClock();
  const hub = new LocalHub((task) => clock.defer(task));
  const open = (sid: number) => {
    const bus = hub.attach();
    const links = { zab: bus, election: bus, bulk: bus };
    return new Post({ ensemble: 'test', sid, origin: sid << 24 }, links, clock, silentNotes);
  };
  const [ours, theirs] = [open(1), open(2)];
  /** What each broadcast tells: its kind, what is committed, what is told early. */
  const heard: [kind: number, committed: number, early: number][] = [];
  theirs.listen(theirs.links.zab, theirs.subjects.zab, ({ kind }, body) => {
    heard.push([kind, body.long(), body.long()]);
  });
  const history = { committedZxid: 0 };
  const broadcaster = new Broadcaster(ours, history as History, clock, {
    epoch: 1,
    doAllVote: () => doAllVote,
  });
  const packet = Buffer.alloc(headroomBytes);
  /** It is told at the end of one turn, and heard at the end of the next. */
  const settle = () => {
    clock.endTurn();
    clock.endTurn();
  };
  return {
    ...{ settle, heard, broadcaster },
    propose: () =>
      broadcaster.propose({ packet, frame: packet, lastZxid: 0, release: () => undefined }),
    commit: (zxid: number) => {
      history.committedZxid = zxid;
      broadcaster.commit();
      settle();
    },
    commitEarly: (zxid: number) => {
      broadcaster.commitEarly(zxid);
      settle();
    },
  };
}

const { propose, commit } = PacketKind;

describe('a commit', () => {
  test('goes alone when nothing takes it along', () => {
    const one = rig();
    one.commit(7);
    expect(one.heard).toEqual([[commit, 7, 0]]);
  });

  test('rides on a batch of the same turn', () => {
    const one = rig();
    one.broadcaster.commitEarly(7);
    one.propose();
    one.settle();
    expect(one.heard).toEqual([[propose, 0, 7]]);
  });

  test('is not told again to those who had it early', () => {
    const one = rig();
    one.commitEarly(7);
    one.commit(7);
    expect(one.heard).toEqual([[commit, 0, 7]]);
    one.commit(8);
    expect(one.heard[1]).toEqual([commit, 8, 7]);
  });

  test('is told to observers, who have nothing of what is told early', () => {
    const one = rig({ doAllVote: false });
    one.commitEarly(7);
    one.commit(7);
    expect(one.heard).toEqual([
      [commit, 0, 7],
      [commit, 7, 7],
    ]);
  });

  test('is told to one who was let in since it was told early', () => {
    const one = rig();
    one.commitEarly(7);
    one.broadcaster.admitted();
    one.commit(7);
    expect(one.heard).toHaveLength(2);
  });

  test('is not told by a term that is over', () => {
    const one = rig();
    one.broadcaster.close();
    one.commit(7);
    expect(one.heard).toEqual([]);
  });
});
