/**
 * Whose tree is wrong, when a learner's differs from the leader's after the same txn: that of
 * whoever stands against a quorum. Where there is no quorum either way nobody is judged.
 */

import { isQuorum, type QuorumSystem } from '../machines/quorum.ts';

export interface Verdict {
  /** Learners whose tree is wrong. */
  readonly wrong: readonly number[];
  /** It is ours that is. */
  readonly isOurs: boolean;
}

/** Txns after which digests are still waited for. */
const casesMax = 16;

export class DigestCourt {
  readonly #sid: number;
  /** Digests by replica, by the zxid after which they were taken; oldest case first. */
  readonly #cases = new Map<number, Map<number, number>>();

  constructor(sid: number) {
    this.#sid = sid;
  }

  /** A learner's digest after `zxid`, and our own. */
  hear(
    quorum: QuorumSystem,
    zxid: number,
    own: number,
    learner: { readonly sid: number; readonly digest: number },
  ): Verdict {
    const digests = this.#cases.get(zxid) ?? new Map([[this.#sid, own]]);
    digests.set(learner.sid, learner.digest);
    this.#cases.set(zxid, digests);
    for (const old of this.#cases.keys()) {
      if (this.#cases.size > casesMax) this.#cases.delete(old);
    }
    const agreeOn = (digest: number) => isQuorum(quorum, (sid) => digests.get(sid) === digest);
    if (agreeOn(own)) {
      const wrong = [...digests].filter(([, digest]) => digest !== own).map(([sid]) => sid);
      // Each is told once.
      for (const sid of wrong) digests.delete(sid);
      return { wrong, isOurs: false };
    }
    return { wrong: [], isOurs: learner.digest !== own && agreeOn(learner.digest) };
  }
}
