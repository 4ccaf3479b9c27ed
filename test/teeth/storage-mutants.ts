/** Mutants of log, snapshot and recovery: what is durable, and what is found again. */

import type { Mutant } from './mutant.ts';

export const storageMutants: readonly Mutant[] = [
  {
    id: 'ack-before-flush',
    source: 'K21 Jepsen NATS',
    what: 'A batch counts as logged when it is given to the disk, not when it is durable.',
    file: 'actors/log-writer.ts',
    from: 'this.#unsettled++;\n    this.#log.append(frame, isAtOnce).then(',
    to:
      'this.#unsettled++;\n    append.isDurable = true;\n' +
      '    this.#clock.defer(() => this.#tellLogged());\n' +
      '    this.#log.append(frame, isAtOnce).then(',
    finder: 'simulation',
    where: 'compare-and-set',
  },
  {
    id: 'applied-before-durable',
    source: 'slip',
    what: 'What is committed is applied before it is durable here.',
    file: 'actors/history.ts',
    from: 'Math.min(this.#committedZxid, this.#loggedZxid)',
    to: 'this.#committedZxid',
    finder: 'simulation',
  },
  {
    id: 'tail-applied-at-start',
    source: 'K11e ZOOKEEPER-2846',
    what: 'A replica that starts applies all of its log, also what may not be committed.',
    file: 'storage/recovery.ts',
    from: 'if (lastZxidOf(frame) <= upTo) txnsReplayed',
    to: 'if (lastZxidOf(frame) <= Math.max(upTo, 2 ** 52)) txnsReplayed',
    also: [
      {
        file: 'storage/recovery.ts',
        from: 'assert(lastZxid <= Math.max(upTo, snapshotZxid),',
        to: 'assert(lastZxid >= 0,',
      },
    ],
    finder: 'simulation',
  },
  {
    id: 'logged-noted-as-committed',
    source: 'slip',
    what: 'What is only logged is noted as committed.',
    file: 'actors/history.ts',
    from: 'const zxid = this.#state.lastZxid;\n    if (this.#isAlone',
    to: 'const zxid = this.#loggedZxid;\n    if (this.#isAlone',
    finder: 'simulation',
  },
  {
    id: 'snapshot-fuzzy',
    source: 'K10 ZOOKEEPER-3127',
    what: 'A snapshot takes pages as they are when their turn comes, not as they were.',
    file: 'storage/snapshot-pass.ts',
    from: 'tree.rows.onOwedPage = (page) => this.#save(page);',
    to: 'tree.rows.onOwedPage = (page) => tree.rows.settlePage(page);',
    finder: 'crash',
    where: 'ownSnapshots',
  },
  {
    id: 'purged-too-much',
    source: 'slip',
    what: 'The log is purged beyond what the snapshot holds.',
    file: 'storage/lmdb-log.ts',
    from: 'this.#segments[1]!.firstZxid <= zxid + 1',
    to: 'this.#segments[1]!.firstZxid <= zxid + 1e6',
    finder: 'crash',
    where: 'purges',
  },
  {
    id: 'snapshot-in-memory',
    source: 'K11a ZOOKEEPER-3642',
    what: 'The log restarts behind a received snapshot that is not on the disk yet.',
    file: 'storage/received-snapshot.ts',
    from: 'await this.#file.finish(meta, sessions, acls);\n    await this.close();',
    to:
      'const later = () => void this.#file.finish(meta, sessions, acls).then(() => this.close());' +
      '\n    setTimeout(later, 200);',
    finder: 'crash',
    where: 'snapReceipt',
  },
  {
    id: 'epochs-before-batches',
    source: 'K1 ZOOKEEPER-4643',
    what: 'currentEpoch is stored in a transaction before that of the history it belongs to.',
    file: 'storage/log-segment.ts',
    from: 'await this.environment.change(put, voids ? [...removed, nextKey] : removed);',
    to:
      'await this.environment.change(heritageEntries(heritage));\n' +
      '    await this.environment.change(put, voids ? [...removed, nextKey] : removed);',
    finder: 'crash',
    where: 'diff',
  },
  {
    id: 'write-answered-before-sync',
    source: 'K14 etcd #14370',
    what: 'LMDB answers before the sync, as is its default.',
    file: 'storage/environment.ts',
    from: 'noSync: false,',
    to: 'noSync: true,',
    finder: 'crash',
    where: 'acceptedEpochs',
  },
  {
    id: 'snapshot-head-first',
    source: 'K15 etcd #13766',
    what: 'A snapshot counts as finished before its tables of sessions and ACLs are stored.',
    file: 'storage/snapshot-file.ts',
    from: 'return this.#environment.putAll([',
    to:
      'const head: Entry = [metaKey, sealed(metaKey, meta)];\n' +
      '    return this.#environment.putAll([head]).then(() => this.#environment.putAll([',
    also: [
      {
        file: 'storage/snapshot-file.ts',
        from: '[metaKey, sealed(metaKey, meta)],\n    ]);',
        to: '[metaKey, sealed(metaKey, meta)],\n    ]));',
      },
    ],
    finder: 'crash',
    where: 'ownSnapshots',
  },
  {
    id: 'promises-not-inherited',
    source: 'K9 ZOOKEEPER-2307, 2354',
    what: 'A new segment does not take the promises along, and older ones are purged.',
    file: 'storage/lmdb-log.ts',
    from: 'copied !== this.promises; ) {',
    to: 'copied !== this.promises && false; ) {',
    also: [
      {
        file: 'storage/lmdb-log.ts',
        from: 'await segment.inherit(this.#heritage);',
        to: '',
      },
    ],
    finder: 'crash',
    where: 'purges',
  },
  {
    id: 'void-segments-remain',
    source: 'slip',
    what: 'A crash in the middle of a TRUNC leaves segments that were cut off.',
    file: 'storage/log-segment.ts',
    from: 'if (voids) put.push([cutKey, sealed(cutKey, true)]);',
    to: '',
    finder: 'crash',
    where: 'trunc',
  },
  {
    id: 'snapshot-rename-not-synced',
    source: 'slip',
    what: 'A received snapshot counts as installed before its rename is durable.',
    file: 'storage/received-snapshot.ts',
    from: 'await syncDirectory(dirname(tree));',
    to: 'void syncDirectory; void dirname;',
    finder: 'crash',
    where: 'snapReceipt',
  },
];
