/**
 * Commands about replicas and their disks: lives begin and end, syncs hang, fail and lose.
 */

import { damages } from '../simulation/disk-damage.ts';
import { each, named, type Verb } from './verb.ts';

/** What becomes of what is being written when the disk fails, or the power. */
const fates = { keeping: 'kept', losing: 'lost' } as const;

export const lives: readonly Verb[] = [
  {
    pattern: /^start(?: ([\d ]+))?$/,
    do: each((replica) => {
      if (replica.condition === 'refused') replica.kill('process');
      replica.start();
    }),
  },
  { pattern: /^kill ([\d ]+)$/, do: each((replica) => replica.kill('process')) },
  {
    pattern: /^power-cut ([\d ]+?)(?: (keeping|losing) what is under way)?$/,
    do: (stage, [sids, fate]) => {
      for (const replica of named(stage, sids)) {
        const { faults } = replica.disk;
        faults.atCrash = fate === undefined ? null : fates[fate as keyof typeof fates];
        replica.kill('power');
        replica.disk.release();
        faults.atCrash = null;
      }
    },
  },
  { pattern: /^pause ([\d ]+)$/, do: each((replica) => replica.pause()) },
  { pattern: /^resume ([\d ]+)$/, do: each((replica) => replica.resume()) },
  {
    pattern: /^add (\d+)$/,
    do: (stage, [sid]) => {
      stage.ensemble.add(Number(sid)).isSupervised = false;
    },
  },
  {
    pattern: /^wipe ([\d ]+)$/,
    do: each((replica) => {
      replica.forgets();
      replica.disk.wipe();
    }),
  },
];

export const disks: readonly Verb[] = [
  {
    pattern: /^damage (\S+) of (\d+)$/,
    do: (stage, [kind, sid]) => {
      const known = damages.find((one) => one === kind);
      if (known === undefined) throw new Error(`scenario: no damage is called ${kind}`);
      const replica = stage.of(Number(sid));
      replica.forgets();
      if (replica.disk.damage(known) === null) throw new Error('scenario: nothing to damage');
    },
  },
  {
    pattern: /^slow disk of ([\d ]+) by (\d+)$/,
    do: (stage, [sids, factor]) => {
      for (const { disk } of named(stage, sids)) disk.faults.slowdown = Number(factor);
    },
  },
  { pattern: /^hold disk of ([\d ]+)$/, do: each(({ disk }) => disk.faults.hold()) },
  { pattern: /^release disk of ([\d ]+)$/, do: each(({ disk }) => disk.release()) },
  {
    pattern: /^fail a sync of (\d+) (keeping|losing) what is under way$/,
    do: (stage, [sid, fate]) => {
      const { faults } = stage.of(Number(sid)).disk;
      faults.syncErrors = 1;
      faults.atCrash = fates[fate as keyof typeof fates];
    },
  },
  {
    pattern: /^fill disk of ([\d ]+)$/,
    do: each(({ disk }) => {
      disk.faults.roomBytes = 0;
    }),
  },
  { pattern: /^mend disk of ([\d ]+)$/, do: each(({ disk }) => disk.faults.heal()) },
];
