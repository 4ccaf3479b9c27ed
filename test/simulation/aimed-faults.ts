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

/** Kills it with its power a little after `holds` does, once, if that comes to be before the end. */
function killWhen(
  { random, schedule }: World,
  find: () => SimReplica | undefined,
  killed: (replica: SimReplica) => void,
): End {
  let isOver = false;
  const look = () => {
    if (isOver) return;
    const replica = find();
    if (replica === undefined) return void schedule.after(0.5, look);
    schedule.after(random.unit() ** 3 * 30, () => {
      if (isOver) return;
      replica.kill('power');
      killed(replica);
    });
  };
  look();
  return () => {
    isOver = true;
  };
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

/**
 * One is behind, and joins anew a leader without the third; the leader dies meanwhile, and the one
 * that was behind meets the third.
 */
function behindMeetsThird(world: World): End | null {
  const { ensemble, random, schedule } = world;
  const { leader } = ensemble;
  const rest = shuffled(
    random,
    ensemble.voters.filter((sid) => sid !== leader?.sid),
  );
  if (leader === undefined || rest.length !== 2) return null;
  const [behind, third] = rest as [number, number];
  let mend = partition(world, [behind]);
  let endKill: End = over;
  const meet = schedule.after(50 + random.unit() * 300, () => {
    mend();
    mend = partition(world, [third]);
    for (const bus of leader.buses) bus.setConnected(false, 1);
    schedule.after(30, () => {
      for (const bus of leader.buses) bus.setConnected(true, 1);
    });
    const find = () => (isLeading(leader) && isJoining(leader) ? leader : undefined);
    endKill = killWhen(world, find, () => {
      mend();
      mend = over;
    });
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
      for (const way of slow) way.extraMs = 20 + random.unit() * 150;
      schedule.after(10 + random.unit() * 100, () => {
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
