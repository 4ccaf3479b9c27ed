/**
 * What a nemesis can do to a simulated ensemble, by fault class (F1 to F36 as in docs/PROOF.md). A
 * fault begins, and tells how it ends; those without an end are over at once. Weights follow what
 * field studies found: one isolated replica first, partial partitions second.
 */

import type { SeededRandom } from '../support/seeded-random.ts';
import type { Schedule } from './schedule.ts';
import { setRate } from './sim-clock.ts';
import type { SimEnsemble } from './sim-ensemble.ts';
import type { SimReplica } from './sim-replica.ts';

export interface World {
  readonly schedule: Schedule;
  readonly random: SeededRandom;
  readonly ensemble: SimEnsemble;
  /** Frames are signed, so that damaged ones are known as such. */
  readonly isSigned: boolean;
}

/** Undoes it. */
export type End = () => void;

export interface Fault {
  readonly name: string;
  readonly weight: number;
  /** It takes what one replica holds: no other fault goes with it, until all serve again. */
  readonly isAlone?: boolean;
  /** Null: it makes no sense now. */
  begin(world: World): End | null;
}

export const over: End = () => {};
const hourMs = 3_600_000;
/** How fast a clock may run; and as much too slow. */
export const clockRateMax = 1.2;

/** Any replica; every other time the leader. */
export function victim({ ensemble, random }: World): SimReplica {
  const { leader } = ensemble;
  return leader !== undefined && random.chance(0.5) ? leader : random.pick(ensemble.replicas);
}

export function others({ ensemble }: World, sid: number): number[] {
  return ensemble.sids.filter((one) => one !== sid);
}

export function shuffled(random: SeededRandom, sids: readonly number[]): number[] {
  return sids
    .map((sid) => ({ sid, at: random.unit() }))
    .sort((a, b) => a.at - b.at)
    .map(({ sid }) => sid);
}

/** Both ways between each of these and the rest. */
export function partition({ ensemble }: World, some: readonly number[]): End {
  const rest = ensemble.sids.filter((sid) => !some.includes(sid));
  const ways = ensemble.net.ways.between(some, rest);
  for (const way of ways) way.isCut = true;
  return () => {
    for (const way of ways) way.isCut = false;
  };
}

function kill(world: World, sids: readonly number[]): End {
  const replicas = sids.map((sid) => world.ensemble.of(sid));
  const kind = world.random.chance(0.5) ? 'power' : 'process';
  for (const replica of replicas) replica.kill(kind);
  return () => {
    for (const replica of replicas) replica.start();
  };
}

/** Sets something of every way of the bus. */
function everyWay(
  { ensemble }: World,
  set: (way: ReturnType<typeof ensemble.net.ways.of>) => void,
): void {
  for (const a of ensemble.sids) {
    for (const b of ensemble.sids) if (a !== b) set(ensemble.net.ways.of(a, b));
  }
}

function disconnect(replica: SimReplica, noticedMs: number): void {
  for (const bus of replica.buses) bus.setConnected(false, noticedMs);
}

function reconnect(replica: SimReplica, noticedMs: number): void {
  for (const bus of replica.buses) bus.setConnected(true, noticedMs);
}

export const processFaults: readonly Fault[] = [
  { name: 'F1 kill one', weight: 12, begin: (world) => kill(world, [victim(world).sid]) },
  {
    name: 'F1 kill a minority',
    weight: 2,
    begin: (world) => {
      const { voters } = world.ensemble;
      return kill(world, shuffled(world.random, voters).slice(0, (voters.length - 1) >> 1));
    },
  },
  {
    name: 'F1 kill a majority',
    weight: 2,
    begin: (world) => {
      const { voters } = world.ensemble;
      return kill(world, shuffled(world.random, voters).slice(0, (voters.length >> 1) + 1));
    },
  },
  { name: 'F1 kill all', weight: 2, begin: (world) => kill(world, world.ensemble.sids) },
  {
    name: 'F2 pause',
    weight: 8,
    begin: (world) => {
      const replica = victim(world);
      replica.pause();
      return () => replica.resume();
    },
  },
  {
    name: 'F3 crash while it recovers',
    weight: 3,
    begin: (world) => {
      const replica = victim(world);
      replica.kill('power');
      let left = 1 + world.random.below(4);
      const again = () => {
        replica.start();
        if (left-- <= 0) return;
        world.schedule.after(5 + world.random.unit() * 200, () => {
          replica.kill('power');
          again();
        });
      };
      again();
      return () => {
        left = 0;
        replica.start();
      };
    },
  },
  {
    name: 'F19 stall',
    weight: 6,
    begin: (world) => {
      const replica = victim(world);
      replica.pause();
      world.schedule.after(10 + world.random.unit() ** 3 * 1500, () => replica.resume());
      return () => replica.resume();
    },
  },
];

export const netFaults: readonly Fault[] = [
  { name: 'F6 isolate one', weight: 14, begin: (world) => partition(world, [victim(world).sid]) },
  {
    name: 'F6 partial partition',
    weight: 10,
    begin: (world) => {
      const [a, b] = shuffled(world.random, world.ensemble.sids) as [number, number];
      const ways = world.ensemble.net.ways.between([a], [b]);
      for (const way of ways) way.isCut = true;
      return () => {
        for (const way of ways) way.isCut = false;
      };
    },
  },
  {
    name: 'F6 bridge',
    weight: 3,
    begin: (world) => {
      const [bridge, ...rest] = shuffled(world.random, world.ensemble.sids);
      const half = rest.slice(0, rest.length >> 1);
      const other = rest.filter((sid) => !half.includes(sid) && sid !== bridge);
      const ways = world.ensemble.net.ways.between(half, other);
      for (const way of ways) way.isCut = true;
      return () => {
        for (const way of ways) way.isCut = false;
      };
    },
  },
  {
    name: 'F4 halves',
    weight: 5,
    begin: (world) => {
      const sids = shuffled(world.random, world.ensemble.sids);
      return partition(world, sids.slice(0, sids.length >> 1));
    },
  },
  {
    name: 'F5 one way',
    weight: 6,
    begin: (world) => {
      const { sid } = victim(world);
      const isDeaf = world.random.chance(0.5);
      const { ways } = world.ensemble.net;
      const cut = others(world, sid).map((one) => (isDeaf ? ways.of(one, sid) : ways.of(sid, one)));
      for (const way of cut) way.isCut = true;
      return () => {
        for (const way of cut) way.isCut = false;
      };
    },
  },
  {
    name: 'F7 loss',
    weight: 6,
    begin: (world) => {
      const loss = world.random.unit() ** 3 * 0.3;
      everyWay(world, (way) => Object.assign(way, { loss }));
      return () => everyWay(world, (way) => Object.assign(way, { loss: 0 }));
    },
  },
  {
    name: 'F8 repetition',
    weight: 4,
    begin: (world) => {
      const repeat = world.random.unit() ** 2 * 0.5;
      everyWay(world, (way) => Object.assign(way, { repeat }));
      return () => everyWay(world, (way) => Object.assign(way, { repeat: 0 }));
    },
  },
  {
    name: 'F8 replay of old frames',
    weight: 4,
    begin: ({ ensemble, random }) => {
      for (let left = 1 + random.below(30); left > 0; left--) ensemble.net.replay();
      return over;
    },
  },
  {
    name: 'F9 other order',
    weight: 3,
    begin: (world) => {
      const reorder = world.random.unit() ** 3 * 0.2;
      everyWay(world, (way) => Object.assign(way, { reorder }));
      return () => everyWay(world, (way) => Object.assign(way, { reorder: 0 }));
    },
  },
  {
    name: 'F10 delay',
    weight: 5,
    begin: (world) => {
      const extraMs = world.random.unit() ** 3 * 300;
      const { sid } = victim(world);
      const isAll = world.random.chance(0.3);
      const { ways } = world.ensemble.net;
      const slow = isAll ? [] : ways.between([sid], others(world, sid));
      if (isAll) everyWay(world, (way) => void slow.push(way));
      for (const way of slow) way.extraMs = extraMs;
      return () => {
        for (const way of slow) way.extraMs = 0;
      };
    },
  },
  {
    name: 'F11 damaged frames',
    weight: 6,
    begin: (world) => {
      if (!world.isSigned) return null;
      const damage = world.random.unit() ** 2 * 0.2;
      everyWay(world, (way) => Object.assign(way, { damage }));
      return () => everyWay(world, (way) => Object.assign(way, { damage: 0 }));
    },
  },
];

export const busFaults: readonly Fault[] = [
  {
    name: 'F12 bus down',
    weight: 4,
    begin: ({ ensemble, random }) => {
      for (const replica of ensemble.replicas) disconnect(replica, random.unit() * 20);
      return () => {
        for (const replica of ensemble.replicas) reconnect(replica, random.unit() * 200);
      };
    },
  },
  {
    name: 'F13 connection lost',
    weight: 5,
    begin: (world) => {
      const replica = victim(world);
      disconnect(replica, world.random.unit() ** 2 * 1000);
      return () => reconnect(replica, world.random.unit() * 100);
    },
  },
  {
    name: 'F14 hidden subscriber',
    weight: 3,
    begin: (world) => {
      const { sid } = victim(world);
      const { ways } = world.ensemble.net;
      const hidden = others(world, sid).map((one) => ways.of(one, sid));
      for (const way of hidden) way.isHidden = true;
      return () => {
        for (const way of hidden) way.isHidden = false;
      };
    },
  },
  {
    name: 'F15 slow consumer is cut off',
    weight: 3,
    begin: (world) => {
      const replica = victim(world);
      disconnect(replica, 1);
      world.schedule.after(20 + world.random.unit() * 100, () => reconnect(replica, 1));
      return () => reconnect(replica, 1);
    },
  },
  {
    name: 'F17 bus splits',
    weight: 3,
    begin: (world) => {
      const sids = shuffled(world.random, world.ensemble.sids);
      const some = sids.slice(0, 1 + world.random.below(sids.length - 1));
      const rest = sids.filter((sid) => !some.includes(sid));
      const ways = world.ensemble.net.ways.between(some, rest);
      for (const way of ways) way.isHidden = true;
      return () => {
        for (const way of ways) way.isHidden = false;
      };
    },
  },
];

export const clockFaults: readonly Fault[] = [
  {
    name: 'F18 drift',
    weight: 3,
    begin: (world) => {
      const { time } = victim(world);
      setRate(
        time,
        2 - clockRateMax + world.random.unit() * 2 * (clockRateMax - 1),
        world.schedule.nowMs,
      );
      return () => setRate(time, 1, world.schedule.nowMs);
    },
  },
  {
    name: 'F18 wall clock set',
    weight: 3,
    begin: (world) => {
      const { time } = victim(world);
      time.wallOffsetMs = (world.random.unit() * 2 - 1) * hourMs;
      return over;
    },
  },
];

export const clientFaults: readonly Fault[] = [
  {
    name: 'F33 clients cut off',
    weight: 4,
    begin: (world) => {
      const replica = victim(world);
      replica.setRoad(true);
      return () => replica.setRoad(false);
    },
  },
  {
    name: 'F33 connections reset',
    weight: 4,
    begin: (world) => {
      for (const connection of [...victim(world).connections]) connection.reset();
      return over;
    },
  },
];
