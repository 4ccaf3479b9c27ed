/**
 * Are all mutants still found? Each is looked for where it was found last; if it is not found
 * there, in further seeds. The same seeds are clean without it.
 */

import { CleanRuns, type Found, type Hunted, hunt, inParallel, seedsMax } from './hunt.ts';
import type { Mutant } from './mutant.ts';

export async function verify(
  mutants: readonly Mutant[],
  known: ReadonlyMap<string, Found>,
  jobs: number,
): Promise<Hunted[]> {
  const results = new Map<Mutant, Hunted>();
  // One process of those without a mutant for each job.
  const cleanRuns = Array.from({ length: jobs }, () => new CleanRuns());
  const free = [...cleanRuns];
  await inParallel(mutants, jobs, async (mutant) => {
    const clean = free.pop()!;
    results.set(mutant, await verifyOne(mutant, known.get(mutant.id), clean));
    free.push(clean);
  });
  for (const clean of cleanRuns) clean.stop();
  return mutants.map((mutant) => results.get(mutant)!);
}

async function verifyOne(
  mutant: Mutant,
  known: Found | undefined,
  clean: CleanRuns,
): Promise<Hunted> {
  if (mutant.finder !== 'simulation') return hunt(mutant, clean);
  if (known !== undefined) {
    const { workload, seed } = known;
    const again = await hunt(mutant, clean, { workload, from: seed, count: 1 });
    if (again.found !== null) return again;
  }
  return hunt(mutant, clean, { count: seedsMax });
}
