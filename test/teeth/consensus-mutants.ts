/** Mutants of discovery and broadcast: who leads, who is counted, what is delivered. */

import type { Mutant } from './mutant.ts';

const aCrash = 'model crashes 1';
const aLostDisk = 'model epochs 2 txns 0 wipes 1 isFounded true';

export const consensusMutants: readonly Mutant[] = [
  {
    id: 'quorum-off-by-one',
    source: 'slip',
    what: 'One voter less than a majority counts as a quorum.',
    file: 'machines/quorum.ts',
    from: 'found * 2 > total',
    to: '(found + 1) * 2 > total',
    finder: 'simulation',
    where: 'register',
  },
  {
    id: 'own-batch-before-flush',
    source: 'K14 etcd #14370',
    what: 'The leader counts its own log before the batch is durable there.',
    file: 'actors/leader.ts',
    from: 'this.#history.append(batch.frame, batch.release);',
    to:
      'this.#history.append(batch.frame, batch.release);' +
      "this.#host.send({ type: 'batch.logged', zxid: batch.lastZxid });",
    finder: 'simulation',
    where: 'compare-and-set',
  },
  {
    id: 'leader-gives-up',
    source: 'K3 ZOOKEEPER-4685',
    what: 'An acknowledgement that the leader did not expect yet ends its term.',
    file: 'machines/leader.ts',
    from:
      "{ type: 'noteSynced', params: ({ event }) => ({ sid: event.sid }) },\n" +
      "                { type: 'admit', params: ({ event }) => ({ sids: [event.sid] }) },\n" +
      '              ],',
    to: "{ type: 'abdicate', params: { reason: 'an early ack' } }], target: '#leader.ended',",
    finder: 'simulation',
  },
  {
    id: 'blank-witness',
    source: 'K20 Jepsen NATS',
    what: 'A replica that has lost its disk counts as a witness of what was agreed upon.',
    file: 'machines/standing.ts',
    from: 'return !learner.isBlank || epochOf(lastZxid) === 0;',
    to: 'return true || epochOf(lastZxid) === 0;',
    finder: 'model',
    where: aLostDisk,
  },
  {
    id: 'leader-without-lease',
    source: 'K18 etcd #20418',
    what: 'A leader without a quorum leads on, whatever it hears of a later one.',
    file: 'machines/leader.ts',
    from: 'params.epoch > context.epoch && params.epoch >= context.acceptedEpoch',
    to: 'params.epoch < 0 && params.epoch >= context.acceptedEpoch',
    also: [
      {
        file: 'machines/leader.ts',
        from: '!isStall(context, tick) && !isQuorumHeard',
        to: 'tick < 0 && !isQuorumHeard',
      },
    ],
    finder: 'simulation',
  },
  {
    id: 'silent-leader-followed',
    source: 'K22 nats-server #8233',
    what: 'A follower stays with a leader that it does not hear any more.',
    file: 'machines/learner.ts',
    from: 'params.tick - context.heardTick > context.silentTicks',
    to: 'params.tick - context.heardTick > 1e9 * context.silentTicks',
    also: [
      {
        file: 'machines/learner.ts',
        from: 'context.absences + 1 >= absencesMax',
        to: 'context.absences + 1 >= 1e9 + absencesMax',
      },
    ],
    finder: 'simulation',
  },
  {
    id: 'zxid-counter-wraps',
    source: 'K23 ZOOKEEPER-2789',
    what: 'The counter of the zxid begins anew within its epoch when it is used up.',
    file: 'actors/proposer.ts',
    from: 'return this.#ports.exhausted();',
    to: 'this.#lastZxid -= this.#lastZxid % 2 ** 32;',
    finder: 'simulation',
  },
  {
    id: 'disloyal-voter',
    source: 'K25 QuorumPeerMainTest (disloyal voter)',
    what: 'A voter that promised an epoch to one candidate counts for another one of that epoch.',
    file: 'machines/standing.ts',
    from: 'return !promisedSids.includes(learner.sid) && !isPromised(context);',
    to: 'return promisedSids.length < 0 && !isPromised(context);',
    also: [
      {
        file: 'machines/leader.ts',
        from: 'context.learners[params.sid]?.votes === true &&',
        to: 'context.learners[params.sid]?.votes === null &&',
      },
    ],
    finder: 'model',
    where: 'model txns 0 doubts 2',
  },
  {
    id: 'promise-told-before-stored',
    source: 'slip',
    what: 'A voter tells its promise before it is durable.',
    file: 'machines/learner.ts',
    from: "target: 'promising',\n                actions: [",
    to:
      "target: 'syncing',\n                actions: [\n" +
      "{ type: 'promiseEpoch', params: ({ event }) => ({ epoch: event.epoch }) },",
    also: [
      {
        file: 'machines/learner.ts',
        from: 'syncing: {\n          on: {',
        to: "syncing: {\n          on: {\n'promise.stored': { actions: 'notePromise' },",
      },
    ],
    finder: 'model',
    where: 'model epochs 2 crashes 1',
  },
  {
    id: 'later-history-ignored',
    source: 'slip',
    what: 'A leader goes on though a follower has a later history than its own.',
    file: 'machines/leader.ts',
    from: 'context.learners[params.sid]?.votes === true &&',
    to: 'context.learners[params.sid]?.votes === null &&',
    finder: 'model',
    where: 'model epochs 2 doubts 1',
  },
  {
    id: 'history-without-quorum',
    source: 'slip',
    what: 'A leader is established as soon as a quorum has promised, before one has its history.',
    file: 'machines/leader.ts',
    from: "guard: 'isSynced',",
    to: "guard: 'isPromised',",
    finder: 'model',
    where: aCrash,
  },
  {
    id: 'duplicates-delivered',
    source: 'slip',
    what: 'A frame that comes twice is delivered twice.',
    file: 'machines/channel.ts',
    from: "isOld', params: ({ event }) => event }, actions: 'dropFrame' }",
    to: "isOld', params: ({ event }) => event }, actions: 'deliverFrame' }",
    finder: 'simulation',
  },
  {
    id: 'gap-ignored',
    source: 'slip',
    what: 'A frame is delivered though one before it is missing.',
    file: 'machines/channel.ts',
    from: 'seq === context.seq + 1',
    to: 'seq > context.seq',
    also: [
      {
        file: 'machines/channel.ts',
        from: 'isBehind: ({ context }, params: { seq: number }) => context.seq < params.seq,',
        to: 'isBehind: ({ context }, params: { seq: number }) => context.seq < params.seq - 1e9,',
      },
      {
        file: 'machines/channel.ts',
        from: 'advance: assign({ seq: ({ context }) => context.seq + 1 }),',
        to: 'advance: assign({ seq: ({ event }) => (event as Frame).seq }),',
      },
    ],
    finder: 'simulation',
  },
  {
    id: 'signature-not-checked',
    source: 'slip',
    what: 'A frame with a wrong signature is taken for a right one.',
    file: 'actors/signed-bus.ts',
    from: 'return isRight ? frame :',
    to: 'return isRight || true ? frame :',
    finder: 'simulation',
  },
  {
    id: 'early-for-observers',
    source: 'slip',
    what: 'An observer counts itself among those who hold what is told early.',
    file: 'actors/learner.ts',
    from: 'this.votes ? Math.max(committed, early) : committed',
    to: 'Math.max(committed, early)',
    finder: 'simulation',
  },
  {
    id: 'early-of-five',
    source: 'slip',
    what: 'What the leader alone holds is told early, also where two more are needed.',
    file: 'machines/standing.ts',
    from: 'other === voter ? last : held(standing, other)',
    to: 'last + 0 * (other + voter)',
    finder: 'simulation',
  },
  {
    id: 'early-before-flush',
    source: 'slip',
    what: 'A follower applies what was told early before its own log holds it.',
    file: 'actors/history.ts',
    from: 'Math.min(this.#committedZxid, this.#loggedZxid)',
    to: 'this.#committedZxid',
    finder: 'simulation',
  },
  {
    id: 'asked-twice',
    source: 'K11f resubmission',
    what: 'A learner is let in before what it asked for over an earlier link is proposed.',
    file: 'actors/leader.ts',
    from: 'this.#proposer?.closeNow();',
    to: '',
    finder: 'simulation',
  },
];
