/**
 * Looks into the replicas of a simulated ensemble while it runs: what no client can see, and what
 * must never be seen at any moment.
 */

import type { QuorumConfig, QuorumSystem } from '../../machines/quorum.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import type { SimEnsemble } from './sim-ensemble.ts';

const noPromises = { acceptedEpoch: 0, currentEpoch: 0 };

/** Configurations do not change: who votes in one is found out once. */
const votersByConfig = new WeakMap<QuorumConfig, readonly number[]>();

function votersOf(config: QuorumConfig): readonly number[] {
  const known = votersByConfig.get(config);
  if (known !== undefined) return known;
  const voters = config.groups.flatMap((group) => Object.keys(group).map(Number));
  votersByConfig.set(config, voters);
  return voters;
}

export class InnerWatch {
  readonly #ensemble: SimEnsemble;
  readonly #violated: (invariant: string, text: string) => void;
  /** Who led an epoch; what each replica has promised; what tree belongs to a zxid. */
  readonly #leaders = new Map<number, number>();
  readonly #promised = new Map<number, { acceptedEpoch: number; currentEpoch: number }>();
  readonly #digests = new Map<number, { digest: number; sid: number }>();
  readonly #applied = new Map<object, number>();
  /** Whose disk was taken from it, and the end of what was on it: not asked for until it serves. */
  readonly #lost = new Map<number, number>();
  looks = 0;

  constructor(ensemble: SimEnsemble, violated: (invariant: string, text: string) => void) {
    this.#ensemble = ensemble;
    this.#violated = violated;
  }

  get epochs(): number {
    return this.#leaders.size;
  }

  /** Its disk is about to go, and with it what it promised and what it holds. */
  forget(sid: number): void {
    this.#promised.delete(sid);
    const { lastZxid } = this.#ensemble.of(sid).disk;
    this.#lost.set(sid, Math.max(lastZxid, this.#lost.get(sid) ?? 0));
  }

  look(): void {
    this.looks++;
    // Who serves has taken over all that was agreed upon.
    for (const sid of this.#lost.keys()) {
      if (this.#ensemble.of(sid).replica?.isServing) this.#lost.delete(sid);
    }
    for (const { sid, replica, disk } of this.#ensemble.replicas) {
      this.#checkPromises(sid, disk.promises);
      if (replica === null) continue;
      const { leader } = replica.ensemble!;
      if (leader?.isEstablished === true) this.#checkLeader(sid, leader.epoch);
      const { lastZxid, tree } = replica.state;
      if (lastZxid < (this.#applied.get(replica) ?? 0)) {
        this.#violated('Z4', `replica ${sid} went back to ${formatZxid(lastZxid)}`);
      }
      this.#applied.set(replica, lastZxid);
      this.#checkDurable(sid, lastZxid, replica.members.quorum);
      this.#checkDigest(sid, lastZxid, tree.digest.value);
    }
  }

  #checkLeader(sid: number, epoch: number): void {
    const known = this.#leaders.get(epoch);
    if (known !== undefined && known !== sid) {
      this.#violated('Z8', `epoch ${epoch} was led by replica ${known}, and by ${sid}`);
    }
    this.#leaders.set(epoch, sid);
  }

  #checkPromises(sid: number, now: { acceptedEpoch: number; currentEpoch: number }): void {
    const before = this.#promised.get(sid) ?? noPromises;
    const isKept =
      now.acceptedEpoch >= before.acceptedEpoch && now.currentEpoch >= before.currentEpoch;
    if (!isKept || now.acceptedEpoch < now.currentEpoch) {
      const texts = [before, now].map((one) => JSON.stringify(one));
      this.#violated('Z11', `replica ${sid} promised ${texts[0]}, and now ${texts[1]}`);
    }
    if (before.acceptedEpoch === now.acceptedEpoch && before.currentEpoch === now.currentEpoch)
      return;
    const { acceptedEpoch, currentEpoch } = now;
    this.#promised.set(sid, { acceptedEpoch, currentEpoch });
  }

  /** What is applied anywhere is in the durable logs of a quorum (Z10): counted anew here. */
  #checkDurable(sid: number, zxid: number, [present]: QuorumSystem): void {
    const voters = votersOf(present!);
    const holders = voters.filter((voter) => {
      const { lastZxid } = this.#ensemble.of(voter).disk;
      return Math.max(lastZxid, this.#lost.get(voter) ?? 0) >= zxid;
    });
    if (holders.length * 2 > voters.length) return;
    const text = `replica ${sid} has applied ${formatZxid(zxid)}, durable is it at`;
    this.#violated('Z10', `${text} ${holders.join(', ') || 'none'} of ${voters.join(', ')}`);
  }

  /** Equal histories make equal trees (C15). */
  #checkDigest(sid: number, zxid: number, digest: number): void {
    const known = this.#digests.get(zxid);
    if (known === undefined) {
      this.#digests.set(zxid, { digest, sid });
      return;
    }
    if (known.digest === digest) return;
    const text = `at ${formatZxid(zxid)} replica ${sid} has digest ${digest}`;
    this.#violated('C15', `${text}, replica ${known.sid} had ${known.digest}`);
  }
}
