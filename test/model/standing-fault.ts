/** What must hold in every single state, whatever has led to it: Z8 and Z10. */

import { usedOf } from './bounds.ts';
import type { View } from './enabled.ts';
import type { State } from './layout.ts';

/** What is asked about a state, and whether a replica's disk has all that anybody delivered. */
interface Held extends View {
  holdsDelivered(state: State, sid: number): boolean;
}

export function standingFault(model: Held, state: State): string | null {
  return rivalsFault(model, state) ?? durabilityFault(model, state);
}

function rivalsFault(model: Held, state: State): string | null {
  const epochs: number[] = [];
  for (const sid of model.layout.sids) {
    const { isEstablished, leadsEpoch } = model.summaryOf(state, sid);
    const rival = isEstablished ? epochs.indexOf(leadsEpoch) : -1;
    if (rival >= 0) return `Z8 replicas ${rival} and ${sid} lead epoch ${leadsEpoch}`;
    if (isEstablished) epochs[sid] = leadsEpoch;
  }
  return null;
}

/**
 * What was delivered stays with a quorum. Who has lost its disk need not hold it, until a leader's
 * history is its own again.
 */
function durabilityFault(model: Held, state: State): string | null {
  let excused = usedOf(state[model.layout.used]!, 'wipes');
  let holders = 0;
  for (const sid of model.layout.sids) {
    if (model.holdsDelivered(state, sid)) holders++;
    else if (model.summaryOf(state, sid).currentEpoch === 0 && excused-- > 0) holders++;
  }
  if (holders * 2 > model.layout.n) return null;
  return 'Z10 what was delivered is not in the durable logs of a quorum';
}
