/**
 * Faults that are aimed at moments at which little may go wrong, and which chance seldom meets: a
 * role is being taken up, a replica is behind while clients come to it.
 */

import {
  type End,
  type Fault,
  others,
  over,
  partition,
  shuffled,
  victim,
  type World,
} from './faults.ts';
import type { SimReplica } from './sim-replica.ts';

const joinsWithinMs = 1000;

/** Does it a little after one is found for the first time, if that comes to be before the end. */
function whenever(
  { random, schedule }: World,
  find: () => SimReplica | undefined,
  act: (replica: SimReplica) => void,
  withinMs = 30,
): End {
  let isOver = false;
  const look = () => {
    if (isOver) return;
    const replica = find();
    if (replica === undefined) return void schedule.after(0.5, look);
    schedule.after(random.unit() ** 3 * withinMs, () => {
      if (!isOver) act(replica);
    });
  };
  look();
  return () => {
    isOver = true;
  };
}

/** Kills it with its power a little after it was found. */
function killWhen(
  world: World,
  find: () => SimReplica | undefined,
  killed: (replica: SimReplica) => void,
): End {
  return whenever(world, find, (replica) => {
    replica.kill('power');
    killed(replica);
  });
}

/** It has a role, and takes it up. */
const isJoining = ({ replica }: SimReplica): boolean =>
  replica?.stateName.endsWith('.joining') ?? false;

const isLeading = ({ replica }: SimReplica): boolean =>
  replica?.stateName.startsWith('member.leading') ?? false;

/** Its next attempt to join ends with its power; it comes back at once. */
export function crashAsItJoins(world: World, replica: SimReplica): void {
  const end = killWhen(
    world,
    () => (isJoining(replica) ? replica : undefined),
    () => replica.start(),
  );
  world.schedule.after(joinsWithinMs, end);
}

/** What others send it, or it sends, is lost for a moment, and links with it. */
function loseFrames({ ensemble, random, schedule }: World, { sid }: SimReplica): void {
  const { ways } = ensemble.net;
  const from = ensemble.sids.filter((one) => one !== sid);
  const to = from.map((one) => (random.chance(0.8) ? ways.of(one, sid) : ways.of(sid, one)));
  const cut = to.filter(({ isCut }) => !isCut);
  for (const way of cut) way.isCut = true;
  schedule.after(0.2 + random.unit() ** 2 * 20, () => {
    for (const way of cut) way.isCut = false;
  });
}

/** Its next attempt to join is cut short by lost frames. */
export function loseFramesAsItJoins(world: World, replica: SimReplica): void {
  const find = () => (isJoining(replica) ? replica : undefined);
  const end = whenever(world, find, (one) => loseFrames(world, one));
  world.schedule.after(joinsWithinMs, end);
}

/** Voters but the leader, in any order. */
function otherVoters({ ensemble, random }: World): number[] {
  const others = ensemble.voters.filter((sid) => sid !== ensemble.leader?.sid);
  return shuffled(random, others);
}

/**
 * With one down every other is needed, and what it lost is not agreed upon before it is back. Where
 * the leader's disk is slow as well, much of what was asked for is still being gathered by then.
 */
function linksLostWithOneDown(world: World): End | null {
  const { ensemble, random, schedule } = world;
  const { leader } = ensemble;
  const rest = otherVoters(world);
  if (leader === undefined || rest.length !== 2) return null;
  const [down, needed] = rest.map((sid) => ensemble.of(sid)) as [SimReplica, SimReplica];
  down.kill('process');
  const { faults } = leader.disk;
  if (random.chance(0.5)) faults.slowdown = 50 + random.unit() * 900;
  let left = 1 + random.below(8);
  const lose = () => {
    if (left-- <= 0) return;
    loseFrames(world, needed);
    schedule.after(20 + random.unit() * 200, lose);
  };
  lose();
  return () => {
    left = 0;
    faults.slowdown = 1;
    down.start();
  };
}

/**
 * One is behind, and joins anew a leader without the third; the leader dies right after it has the
 * promise of the one behind, which meets the third then.
 */
function behindMeetsThird(world: World): End | null {
  const { ensemble, random, schedule } = world;
  const { leader } = ensemble;
  const rest = otherVoters(world);
  if (leader === undefined || rest.length !== 2) return null;
  const [behind, third] = rest as [number, number];
  let mend = partition(world, [behind]);
  let endKill: End = over;
  const meet = schedule.after(50 + random.unit() * 300, () => {
    mend();
    mend = partition(world, [third]);
    leader.kill('process');
    leader.start();
    const { disk } = ensemble.of(behind);
    const { acceptedEpoch } = disk.promises;
    const hasPromised = () => (disk.promises.acceptedEpoch > acceptedEpoch ? leader : undefined);
    const meetThird = () => {
      leader.kill('power');
      mend();
      mend = over;
    };
    endKill = whenever(world, hasPromised, meetThird, 4);
  });
  return () => {
    meet.cancel();
    endKill();
    mend();
    leader.start();
  };
}

export const aimedFaults: readonly Fault[] = [
  {
    name: 'F3 crash while it joins',
    weight: 4,
    begin: (world) => {
      const replica = victim(world);
      replica.kill('power');
      replica.start();
      crashAsItJoins(world, replica);
      return () => replica.start();
    },
  },
  {
    name: 'F3 crash of the next leader',
    weight: 4,
    begin: (world) => {
      const before = world.ensemble.leader;
      if (before === undefined) return null;
      before.kill('power');
      const killed: SimReplica[] = [before];
      const isNext = (one: SimReplica) => isLeading(one) && isJoining(one);
      const end = killWhen(
        world,
        () => world.ensemble.replicas.find(isNext),
        (one) => killed.push(one),
      );
      return () => {
        end();
        for (const one of killed) one.start();
      };
    },
  },
  { name: 'F7 links lost with one down', weight: 5, begin: linksLostWithOneDown },
  { name: 'F3 leader lost as one that is behind joins', weight: 6, begin: behindMeetsThird },
  {
    name: 'F33 clients move to one that is behind',
    weight: 4,
    begin: (world) => {
      const { ensemble, random, schedule } = world;
      const { leader } = ensemble;
      const behind = ensemble.replicas.filter((one) => one !== leader && one.isUp);
      if (leader === undefined || behind.length === 0) return null;
      const { sid } = random.pick(behind);
      const slow = others(world, sid).map((one) => ensemble.net.ways.of(one, sid));
      for (const way of slow) way.extraMs = 100 + random.unit() * 300;
      schedule.after(50 + random.unit() * 200, () => {
        for (const replica of ensemble.replicas) {
          if (replica.sid === sid) continue;
          for (const connection of [...replica.connections]) connection.reset();
        }
      });
      return () => {
        for (const way of slow) way.extraMs = 0;
      };
    },
  },
];
