/**
 * That faults which take one replica's word take no other's, and leave nothing behind; and that
 * damage which a replica does not need to look at when it starts ends nobody.
 */

import { describe, expect, test } from 'vitest';
import { formatZxid } from '../../protocol/zxid.ts';
import { remedy, StorageError } from '../../storage/storage-error.ts';
import type { SimReplica } from './sim-replica.ts';
import { Stand } from './stand.ts';
import { storageFaults } from './storage-faults.ts';

const lies = storageFaults.find(({ name }) => name.startsWith('F22'))!;

/** What a disk holds of what was agreed upon. */
const wordOf = ({ disk }: Stand['parts'][number]) => ({ ...disk.promises, last: disk.lastZxid });

/** Lets a disk lie about some writes; the fault can be ended then. */
async function lie(stand: Stand) {
  const end = lies.begin(stand.world)!;
  const liar = stand.world.ensemble.replicas.find(({ disk }) => disk.faults.isLying)!;
  const write = stand.writer(...stand.parts.filter((replica) => replica !== liar));
  for (let left = 5; left > 0; left--) await write();
  await stand.until('it has lied', () => liar.disk.counts.lies > 0);
  return { end, liar, write };
}

describe('syncs that lie (F22)', () => {
  test('are told by a power cut, and the replica is known to have lost its word', async () => {
    let lost = 0;
    for (let seed = 1; seed <= 6; seed++) {
      const stand = new Stand(seed);
      await stand.run(async () => {
        const { end, liar } = await lie(stand);
        end();
        expect(stand.forgotten).toEqual([liar.sid]);
        lost += liar.disk.counts.liesLost;
        await stand.untilServing();
      });
      expect(stand.broken).toEqual([]);
    }

    expect(lost).toBeGreaterThan(0);
  });

  test('are true in the end where another replica is down by then', async () => {
    const stand = new Stand(1);

    await stand.run(async () => {
      const { end, liar } = await lie(stand);
      const other = stand.parts.find((replica) => replica !== liar)!;
      other.kill('process');
      end();

      expect(liar.disk.faults.isLying).toBe(false);
      const word = wordOf(liar);
      liar.kill('power');
      expect(wordOf(liar)).toEqual(word);
      for (const replica of [liar, other]) replica.start();
      await stand.untilServing();
    });

    expect(stand.forgotten).toEqual([]);
    expect(stand.broken).toEqual([]);
  });

  test('lose nothing when something else ends the replica', async () => {
    const stand = new Stand(2);

    await stand.run(async () => {
      const { liar } = await lie(stand);
      const word = wordOf(liar);
      liar.kill('power');

      expect(wordOf(liar)).toMatchObject(word);
      liar.start();
      await stand.untilServing();
    });

    expect(stand.broken).toEqual([]);
  });
});

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

/** The leader has a snapshot of all, and then some record of the log before it goes bad. */
async function damageBeforeSnapshot(leader: SimReplica): Promise<void> {
  const { snapshotter } = leader.replica!.writePath;
  await snapshotter.snapshotNow();
  expect(leader.disk.damage('log.rot')).not.toBe(null);
}

const zxidOf = ({ replica }: SimReplica) => replica!.state.lastZxid;

describe('damage in the log before the snapshot (F24)', () => {
  for (const seed of seeds) {
    test(`is sent to nobody: who needs that part gets a snapshot (seed ${seed})`, async () => {
      const stand = new Stand(seed);
      await stand.run(async () => {
        const [leader, lost] = stand.parts;
        const write = stand.writer(leader);
        for (let left = 10; left > 0; left--) await write();
        await damageBeforeSnapshot(leader);
        lost.loses();
        lost.disk.wipe();
        lost.start();
        await stand.untilServing();
        expect(stand.world.ensemble.leader).toBe(leader);
        expect(lost.rebuilds).toBe(1);
        await write();
        await stand.until('it has all', () => zxidOf(lost) === zxidOf(leader));
      });
      expect(stand.broken).toEqual([]);
    });
  }

  test('loses nothing that the damaged one alone has beside one that is down', async () => {
    let rebuilds = 0;
    for (const seed of seeds) {
      const stand = new Stand(seed);
      await stand.run(async () => {
        const [leader, behind, other] = stand.parts;
        behind.kill('process');
        const write = stand.writer(leader);
        for (let left = 10; left > 0; left--) await write();
        await damageBeforeSnapshot(leader);
        // The end of the log is sound: it is looked at when it starts.
        await write();
        const zxid = zxidOf(leader);
        for (const replica of [other, leader]) replica.kill('process');
        for (const replica of [behind, leader]) replica.start();
        const serve = () => [leader, behind].every(({ replica }) => replica?.isServing);
        await stand.until('two serve', serve);
        expect(zxidOf(behind)).toBeGreaterThanOrEqual(zxid);
        expect(stand.world.ensemble.leader).toBe(leader);
        rebuilds += behind.rebuilds;
      });
      expect(stand.broken).toEqual([]);
    }
    expect(rebuilds).toBeGreaterThan(0);
  });

  test('asks for a snapshot where it has to be cut at a damaged record', async () => {
    const stand = new Stand(3);
    await stand.run(async () => {
      const [leader, one, other] = stand.parts;
      const write = stand.writer(leader);
      for (let left = 3; left > 0; left--) await write();
      const zxid = zxidOf(leader);
      const has = (replica: SimReplica) => zxidOf(replica) === zxid;
      await stand.until('all have it', () => [one, other].every(has));
      await leader.replica!.writePath.snapshotter.snapshotNow();
      const last = `the record at ${formatZxid(zxid)}`;
      while (leader.disk.damage('log.rot') !== last);
      stand.cutOff(leader);
      void write().catch(() => {});
      await stand.until('it alone has more', () => leader.disk.lastZxid > zxid);
      const { ensemble } = stand.world;
      const isOver = () => ensemble.leader !== undefined && ensemble.leader !== leader;
      await stand.until('another leads', isOver);
      await stand.writer(one, other)();
      ensemble.net.ways.healAll();
      await stand.untilServing();
      expect(leader.rebuilds).toBe(1);
      expect(leader.aborts).toEqual([]);
    });
    expect(stand.broken).toEqual([]);
  });
});

function rotPages({ disk }: SimReplica): void {
  for (let left = 100; left > 0; left--) disk.damage('page.rot');
}

/** Only a page that goes out when a credit has come cannot be read. */
function breakLater({ replica }: SimReplica): void {
  const { snapshots } = replica!.stores;
  const open = snapshots.openReader.bind(snapshots);
  snapshots.openReader = () => {
    const reader = open();
    const page = reader.next(1);
    let chunks = 0;
    const next = () => {
      if (++chunks > 8) throw new StorageError(`page 7 is corrupt; ${remedy}`);
      return page;
    };
    return { ...reader, next };
  };
}

describe('damage in the snapshot of a leader whose log is damaged, too (F24)', () => {
  /** One that is behind asks for it; what became of the leader, and what was found broken. */
  async function ask(isKnown: boolean, spoil = rotPages) {
    const stand = new Stand(4);
    let aborts: readonly string[] = [];
    let brokenByThen: readonly string[] = [];
    await stand.run(async () => {
      const [leader, behind] = stand.parts;
      behind.kill('process');
      const write = stand.writer(leader);
      for (let left = 10; left > 0; left--) await write();
      await damageBeforeSnapshot(leader);
      if (isKnown) leader.forgets();
      for (let left = 100; left > 0; left--) leader.disk.damage('log.rot');
      spoil(leader);
      behind.start();
      aborts = leader.aborts;
      await stand.until('it has ended', () => aborts.length > 0);
      brokenByThen = [...stand.broken];
      await stand.untilServing();
    });
    return { aborts, brokenByThen, broken: stand.broken };
  }

  test('ends it in good order, and says what to do', async () => {
    const { aborts, broken } = await ask(true);
    expect(aborts).toEqual([expect.stringMatching(/page \d+ is corrupt .*empty it/)]);
    expect(broken).toEqual([]);
  });

  test('ends it so in the midst of sending, too', async () => {
    const { aborts, broken } = await ask(true, breakLater);
    expect(aborts).toEqual([expect.stringMatching(/page 7 is corrupt; .*empty it/)]);
    expect(broken).toEqual([]);
  });

  test('is a finding where nobody has damaged the disk', async () => {
    expect((await ask(false)).brokenByThen).toEqual(['L3']);
  });
});
