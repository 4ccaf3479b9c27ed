/**
 * What a nemesis does to the disks of a simulated ensemble (F20 to F28). Faults that take what one
 * replica has acknowledged come alone: no protocol outlives losing a quorum's word.
 */

import { crashAsItJoins, loseFramesAsItJoins } from './aimed-faults.ts';
import { damages } from './disk-damage.ts';
import { type End, type Fault, over, victim, type World } from './faults.ts';
import type { SimReplica } from './sim-replica.ts';

/** Has each voter taken part already? Before that a lost disk may have been the only one. */
function haveAllJoined({ ensemble }: World): boolean {
  return ensemble.voters.every((sid) => {
    const promises = ensemble.of(sid).replica?.history.promises;
    return promises !== undefined && promises.currentEpoch > 0;
  });
}

/** It comes back only when others rule without it: they hold what it has lost. */
function restartLater(world: World, replica: SimReplica): void {
  const { schedule, ensemble, random } = world;
  const check = () => {
    const { leader } = ensemble;
    if (leader === undefined || leader === replica) return void schedule.after(20, check);
    replica.start();
    if (random.chance(0.3)) crashAsItJoins(world, replica);
    else if (random.chance(0.5)) loseFramesAsItJoins(world, replica);
  };
  check();
}

/** Loses its power, and some of what it held with it. */
function loses(world: World, replica: SimReplica, lose: () => void): End | null {
  if (!haveAllJoined(world)) return null;
  replica.loses();
  lose();
  restartLater(world, replica);
  return over;
}

export const storageFaults: readonly Fault[] = [
  {
    name: 'F21 a sync fails',
    weight: 4,
    begin: (world) => {
      victim(world).disk.faults.syncErrors = 1 + world.random.below(3);
      return over;
    },
  },
  {
    name: 'F21 syncs fail for a while',
    weight: 2,
    begin: (world) => {
      const { faults } = victim(world).disk;
      faults.syncErrors = Number.POSITIVE_INFINITY;
      return () => {
        faults.syncErrors = 0;
      };
    },
  },
  {
    name: 'F23 disk full',
    weight: 3,
    begin: (world) => {
      const { faults } = victim(world).disk;
      faults.roomBytes = world.random.below(20_000);
      return () => {
        faults.roomBytes = Number.POSITIVE_INFINITY;
      };
    },
  },
  {
    name: 'F24 disk cannot be read',
    weight: 1,
    begin: (world) => {
      const replica = victim(world);
      replica.disk.faults.openErrors = 1;
      replica.kill('process');
      return () => replica.start();
    },
  },
  {
    name: 'F26 slow disk',
    weight: 6,
    begin: (world) => {
      const { faults } = victim(world).disk;
      faults.slowdown = 2 + world.random.unit() ** 3 * 400;
      return () => {
        faults.slowdown = 1;
      };
    },
  },
  {
    name: 'F26 all disks slow',
    weight: 4,
    begin: ({ ensemble, random }) => {
      const slowdown = 2 + random.unit() ** 2 * 100;
      for (const { disk } of ensemble.replicas) disk.faults.slowdown = slowdown;
      return () => {
        for (const { disk } of ensemble.replicas) disk.faults.slowdown = 1;
      };
    },
  },
  {
    name: 'F22 syncs that lie',
    weight: 2,
    isAlone: true,
    begin: (world) => {
      if (!haveAllJoined(world)) return null;
      const replica = victim(world);
      replica.disk.faults.isLying = true;
      return () => {
        const { disk } = replica;
        const lost = loses(world, replica, () => {});
        disk.faults.isLying = false;
        // Where another fails as well, it keeps its word after all.
        if (lost === null) disk.comeTrue();
      };
    },
  },
  {
    name: 'F24 damaged records',
    weight: 4,
    isAlone: true,
    begin: (world) => {
      const replica = victim(world);
      return loses(world, replica, () => {
        const what = replica.disk.damage(world.random.pick(damages));
        replica.note(`disk is damaged: ${what}`);
      });
    },
  },
  {
    name: 'F27 disk lost',
    weight: 3,
    isAlone: true,
    begin: (world) => {
      const replica = victim(world);
      return loses(world, replica, () => replica.disk.wipe());
    },
  },
  {
    name: 'F28 an old disk comes back',
    weight: 2,
    isAlone: true,
    begin: (world) => {
      const replica = victim(world);
      const saved = replica.disk.backup();
      return () => void loses(world, replica, () => replica.disk.restore(saved));
    },
  },
];
