/**
 * Chance, as the replica is handed it: secrets, spread of timers. A seeded source makes a run
 * repeatable.
 */

import { randomBytes } from 'node:crypto';

export interface Random {
  /** Evenly spread in [0, 1). */
  unit(): number;
  /** Bytes nobody can guess. */
  bytes(count: number): Buffer;
}

export const systemRandom: Random = {
  unit: () => Math.random(),
  bytes: (count) => randomBytes(count),
};
