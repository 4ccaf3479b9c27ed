/** Mutants of synchronization: how a learner comes to hold what its leader holds. */

import type { Mutant } from './mutant.ts';

const aCrash = 'model crashes 1';

/** The learner's machine, with NEWLEADER acknowledged as it comes. */
const ackedEarly = {
  file: 'machines/learner.ts',
  from: "target: 'adopting',\n              actions: {",
  to: "target: 'adopting',\n              actions: ['ackLeadership', {",
  also: [
    {
      file: 'machines/learner.ts',
      from:
        "type: 'adoptHistory',\n" +
        '                params: ({ context }) => ({ epoch: context.epoch }),\n              },',
      to: "type: 'adoptHistory', params: ({ context }) => ({ epoch: context.epoch }) }],",
    },
    {
      file: 'machines/learner.ts',
      from:
        "adopting: { on: { 'history.adopted': " +
        "{ target: 'acking', actions: 'ackLeadership' } } },",
      to:
        "adopting: { on: { 'history.adopted': 'acking', admitted: 'admittedEarly' } },\n" +
        "        admittedEarly: { on: { 'history.adopted': " +
        "{ target: '#learner.following', actions: 'serve' } } },",
    },
  ],
};

export const synchronizationMutants: readonly Mutant[] = [
  {
    id: 'newleader-acked-early',
    source: 'K2 ZOOKEEPER-4646',
    what: 'A follower acknowledges NEWLEADER before the history is on its disk.',
    ...ackedEarly,
    finder: 'model',
    where: aCrash,
  },
  {
    id: 'newleader-acked-before-diff',
    source: 'K11b ZOOKEEPER-3911',
    what: 'NEWLEADER is acknowledged while the proposals of the DIFF are still being stored.',
    file: 'actors/history-intake.ts',
    from:
      'this.#store(frames, { acceptedEpoch, currentEpoch: epoch }, ' +
      '() => done(this.#leadership!));',
    to:
      'if (this.#cutTo !== this.#history.lastZxid) {\n' +
      '      return this.#store(frames, { acceptedEpoch, currentEpoch: epoch }, () =>\n' +
      '        done(this.#leadership!));\n    }\n' +
      '    this.#history.storePromises({ acceptedEpoch, currentEpoch: epoch }, () => {\n' +
      '      for (const frame of frames) this.#history.append(frame);\n' +
      '      if (!this.#isClosed) done(this.#leadership!);\n    });',
    finder: 'simulation',
  },
  {
    id: 'uptodate-before-quorum',
    source: 'K6 ZOOKEEPER-3023',
    what: 'A leader lets in whoever acknowledges NEWLEADER, before a quorum has.',
    file: 'machines/leader.ts',
    from:
      "actions: { type: 'noteSynced', params: ({ event }) => ({ sid: event.sid }) },\n" +
      '            },',
    to:
      "actions: [{ type: 'noteSynced', params: ({ event }) => ({ sid: event.sid }) },\n" +
      "{ type: 'admit', params: ({ event }) => ({ sids: [event.sid] }) }],\n            },",
    finder: 'simulation',
  },
  {
    id: 'committed-at-newleader',
    source: 'K6 ZOOKEEPER-3023',
    what: 'A learner takes NEWLEADER for the commit of all that came before it.',
    file: 'actors/learner.ts',
    from: "this.#host.send({ type: 'history.adopted' });",
    to:
      'this.#history.commit(this.#history.lastZxid);\n' +
      "      this.#host.send({ type: 'history.adopted' });",
    finder: 'simulation',
  },
  {
    id: 'served-before-committed',
    source: 'K6 ZOOKEEPER-3023',
    what: 'A learner serves before what it was synchronized with is committed there.',
    file: 'actors/learner.ts',
    from: "if (this.#host.state === 'joining.acking') this.#history.commit(readZxid(body));",
    to: '',
    finder: 'simulation',
  },
  {
    id: 'old-link-goes-on',
    source: 'K4 ZOOKEEPER-4712',
    what: 'A follower whose role is over goes on with what its old leader sends.',
    file: 'actors/ensemble.ts',
    from: 'this.#learner?.close();\n    this.#leader = null;\n    this.#learner = null;',
    to: 'this.#leader = null;',
    finder: 'simulation',
  },
  {
    id: 'early-proposals-dropped',
    source: 'K5 ZOOKEEPER-4394',
    what: 'Proposals during synchronization are forgotten; the commit of one ends the learner.',
    file: 'actors/learner.ts',
    from: 'this.#history.append(frame);',
    to: "if (this.#host.state === 'following') this.#history.append(frame);",
    also: [
      {
        file: 'actors/learner.ts',
        from: "return this.abandon('it commits what we have not got');",
        to: "throw new Error('a commit of an unknown proposal');",
      },
    ],
    finder: 'simulation',
  },
  {
    id: 'diff-with-a-hole',
    source: 'K8 ZOOKEEPER-4925',
    what: 'A DIFF that begins before the last epoch goes on with the first txn of that epoch.',
    file: 'actors/learner-handler.ts',
    from: 'this.#cursor = zxid;',
    to: 'this.#cursor = Math.max(zxid, Math.floor(this.#history.lastZxid / 2 ** 32) * 2 ** 32);',
    finder: 'simulation',
  },
  {
    id: 'healthy-learner-cut',
    source: 'K11 ZOOKEEPER-3526',
    what: 'A healthy learner that is behind is told to TRUNC, by bounds that are wrong.',
    file: 'actors/learner-handler.ts',
    from: 'isHeld: commonZxid === zxid &&',
    to: 'isHeld: commonZxid === zxid && zxid >= this.#history.appliedZxid &&',
    finder: 'simulation',
  },
  {
    id: 'fresh-node-gets-diff',
    source: 'K11d ZOOKEEPER-4352',
    what: 'A fresh node gets the DIFF that the log still has, and not the snapshot before it.',
    file: 'actors/learner-handler.ts',
    from: 'isHeld: commonZxid === zxid &&',
    to: 'isHeld: zxid === 0 || commonZxid === zxid &&',
    finder: 'simulation',
  },
  {
    id: 'trunc-not-done',
    source: 'K11e ZOOKEEPER-2845',
    what: 'A learner that is asked to TRUNC says that it did, and keeps what it had.',
    file: 'actors/history-intake.ts',
    from: 'this.#cutTo = position;',
    to: '',
    finder: 'simulation',
  },
  {
    id: 'proposal-in-the-gap',
    source: 'K7 ZOOKEEPER-4785, K11c ZOOKEEPER-3104',
    what: 'A DIFF lacks what is on its way into the log, and the broadcasts go on behind it.',
    file: 'actors/learner-handler.ts',
    from:
      'for (const frame of this.#history.unapplied()) ' +
      'if (firstZxidOf(frame) > last) yield frame;',
    to: '',
    also: [
      {
        file: 'actors/learner.ts',
        from: '|| !follows(frame, this.#history.lastZxid)',
        to: '|| follows(frame, -2)',
      },
    ],
    finder: 'simulation',
  },
];
