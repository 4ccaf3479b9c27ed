/**
 * Moves from one server to another (F16): what was written to the old one comes there late and all
 * at once, or never, while its writer has gone on at the new one; and many who move at one time.
 * Writers are clients, whose server is a replica, and replicas, whose server is a broker.
 */

import type { Client } from '../../client/client.ts';
import { type End, type Fault, victim, type World } from './faults.ts';
import type { SimReplica } from './sim-replica.ts';
import type { SimConnection } from './sim-socket.ts';

/** How much gathers on the way before the connection breaks, and how long that stays there, ms. */
const gatherMs = 60;
const lateMs = 800;
const crowdMax = 40;

/** Once only, whoever calls it first: a plan or the end of the fault. */
function once(task: () => void): End {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    task();
  };
}

/** Clients of one replica leave it; what they wrote last reaches it when they are elsewhere. */
function moveClients(world: World, isDropped: boolean): End | null {
  const { random, schedule } = world;
  const replica = victim(world);
  const leaving = [...replica.connections].filter(({ isClientOpen }) => isClientOpen);
  if (leaving.length === 0) return null;
  for (const connection of leaving) connection.hold();
  const release = once(() => {
    for (const connection of leaving) connection.release(isDropped);
  });
  // Most are sent elsewhere at once; else they may come back to the same one.
  const isShut = random.chance(0.7);
  const leave = schedule.after(random.unit() * gatherMs, () => {
    replica.isShut ||= isShut;
    breakAll(leaving);
    schedule.after(random.unit() ** 2 * lateMs, release);
  });
  return () => {
    leave.cancel();
    replica.isShut = false;
    breakAll(leaving);
    release();
  };
}

function breakAll(connections: readonly SimConnection[]): void {
  for (const connection of connections) connection.breakForClient();
}

/** All who were cut off come back at one moment, and one replica alone lets them in. */
function herd({ ensemble, random, schedule }: World): End | null {
  const up = ensemble.replicas.filter(({ isUp }) => isUp);
  if (up.length === 0) return null;
  const open = random.pick(up);
  const crowd: Client[] = [];
  for (let left = random.below(crowdMax); left > 0; left--) {
    const client = ensemble.open({ renewSession: true });
    // What waits for a connection goes out with all the rest, at one moment.
    client.exists('/', { watch: () => {} }).catch(() => {});
    crowd.push(client);
  }
  const cut = schedule.after(100 + random.unit() * 400, () => {
    for (const replica of ensemble.replicas) {
      replica.isShut = replica !== open;
      resetAll(replica);
    }
    for (const client of crowd) client.sync('/').catch(() => {});
  });
  return () => {
    cut.cancel();
    for (const replica of ensemble.replicas) replica.isShut = false;
    for (const client of crowd) void client.close();
  };
}

function resetAll({ connections }: SimReplica): void {
  for (const connection of [...connections]) connection.reset();
}

/** A replica goes on with another broker; what the old one still has goes out late, or never. */
function moveOnBus(world: World, isDropped: boolean): End {
  const { random, schedule } = world;
  const { buses } = victim(world);
  const releases = buses.map((bus) => bus.hold());
  const release = once(() => {
    for (const one of releases) one(isDropped);
  });
  const comeBack = () => {
    for (const bus of buses) bus.setConnected(true, 1);
  };
  const leave = schedule.after(random.unit() ** 2 * gatherMs, () => {
    for (const bus of buses) bus.setConnected(false, 1);
    schedule.after(2 + random.unit() * gatherMs, () => {
      comeBack();
      schedule.after(random.unit() ** 2 * lateMs, release);
    });
  });
  return () => {
    leave.cancel();
    comeBack();
    release();
  };
}

export const moveFaults: readonly Fault[] = [
  {
    name: 'F16 clients move, requests come late',
    weight: 5,
    begin: (world) => moveClients(world, false),
  },
  {
    name: 'F16 clients move, requests are lost',
    weight: 3,
    begin: (world) => moveClients(world, true),
  },
  { name: 'F16 clients come in a herd', weight: 3, begin: herd },
  {
    name: 'F16 moved on the bus, frames come late',
    weight: 4,
    begin: (world) => moveOnBus(world, false),
  },
  {
    name: 'F16 moved on the bus, frames are lost',
    weight: 2,
    begin: (world) => moveOnBus(world, true),
  },
];
