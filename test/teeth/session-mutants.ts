/** Mutants of sessions and of what their requests come to: who may write, in which order. */

import type { Mutant } from './mutant.ts';

export const sessionMutants: readonly Mutant[] = [
  {
    id: 'sync-without-quorum',
    source: 'K12 ZOOKEEPER-1675',
    what: 'A sync is answered by the replica that gets it, without asking anybody.',
    file: 'actors/connection.ts',
    from: 'const request = new PendingRequest(this, session, {',
    to:
      'if (op === Opcode.sync && session.readsAtOnce()) {\n' +
      '      const path = new JuteWriter(64).raw(chunk, start + requestHeaderBytes, end);\n' +
      '      const answered = { cxid: xid, receivedMs: this.#chunkMs };\n' +
      '      return this.#replies.send(answered, this.#ports.lastZxid(), 0, path);\n    }\n' +
      '    const request = new PendingRequest(this, session, {',
    finder: 'simulation',
    where: 'register',
  },
  {
    id: 'read-overtakes-write',
    source: 'slip',
    what: 'A read is answered before the writes that its client sent ahead of it.',
    file: 'actors/session.ts',
    from: "sessionTable.effects(this.#state, readEvent)[0] === 'answerRead'",
    to: "sessionTable.effects(this.#state, readEvent)[0] !== 'refuseRequest'",
    finder: 'simulation',
    where: 'pipelines',
  },
  {
    id: 'not-resubmitted',
    source: 'slip',
    what: 'Writes that a lost leader left unfinished are not asked of the next one.',
    file: 'actors/session.ts',
    from: 'if (request.isWrite && isKept && place > proposed) this.#ports.submit(request);',
    to: '',
    finder: 'simulation',
    where: 'pipelines',
  },
  {
    id: 'old-connection-writes',
    source: 'slip',
    what: 'The connection that a session has left still writes.',
    file: 'actors/session-owners.ts',
    from: 'if (owner !== undefined) return owner === sid;',
    to: 'if (owner !== undefined) return true;',
    finder: 'simulation',
    where: 'churn',
  },
  {
    id: 'xid-not-wrapped',
    source: 'K24 ClickHouse #5014, #65459',
    what: 'A client counts its requests beyond what an xid can hold.',
    file: 'client/connection.ts',
    from: 'this.xid === xidMax ? 1 : this.xid + 1',
    to: 'this.xid === -xidMax ? 1 : this.xid + 1',
    finder: 'simulation',
  },
  {
    id: 'xid-negative',
    source: 'K24 ClickHouse #5014, #65459',
    what: 'Behind the last xid a client goes on with negative ones.',
    file: 'client/connection.ts',
    from: 'this.xid === xidMax ? 1 : this.xid + 1',
    to: 'this.xid === xidMax ? -xidMax - 1 : this.xid + 1',
    finder: 'simulation',
  },
  {
    id: 'expiry-lost',
    source: 'slip',
    what: 'A session that has expired is not closed by a txn.',
    file: 'actors/sessions.ts',
    from: 'else this.#submitInternal(session, Opcode.closeSession, emptyBytes);',
    to: 'else void emptyBytes;',
    finder: 'simulation',
    where: 'ephemerals',
  },
  {
    id: 'expired-while-heard',
    source: 'K19 etcd #11408',
    what: 'A session expires after its timeout though its client was heard.',
    file: 'actors/expiry-queue.ts',
    from: 'if (this.#dueTick(item) <= tick) due.push(item);',
    to: 'if (this.#dueTick(item) <= tick + 1e6) due.push(item);',
    finder: 'simulation',
    where: 'locks',
  },
  {
    id: 'expired-by-new-leader',
    source: 'slip',
    what: 'A new leader counts the silence of clients from before it could hear them.',
    file: 'machines/session-tracker.ts',
    from:
      "{ type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) },\n" +
      "            { type: 'renewSessions', params: ({ event }) => ({ tick: event.tick }) },\n",
    to: "{ type: 'noteTick', params: ({ event }) => ({ tick: event.tick }) },\n",
    finder: 'simulation',
    where: 'locks',
  },
  {
    id: 'expired-by-followers',
    source: 'slip',
    what: 'Followers too decide that sessions have expired.',
    file: 'actors/replica.ts',
    from: 'if (this.ensemble!.isLeading) this.#deciders.start();',
    to: 'this.#deciders.start();',
    finder: 'simulation',
    where: 'ephemerals',
  },
  {
    id: 'written-behind-the-end',
    source: 'slip',
    what: 'A write is done that comes behind the end of its own session.',
    file: 'storage/prepare-context.ts',
    from: 'if (this.outstanding.closing.has(this.session)) return false;',
    to: '',
    finder: 'simulation',
    where: 'sleepers',
  },
  {
    id: 'ephemeral-left',
    source: 'ZOOKEEPER-3145',
    what: 'The end of a session leaves one of its ephemerals behind.',
    file: 'storage/apply.ts',
    from: 'for (const slot of [...tree.special.ephemeralsOf(session)]) {',
    to: 'for (const slot of []) {',
    also: [
      {
        file: 'storage/apply.ts',
        from:
          'for (let left = reader.int(); left > 0; left--) {\n      reader.range();\n' +
          '      this.#delete(',
        to:
          'for (let left = reader.int(); left > 0; left--) {\n      reader.range();\n' +
          '      if (left > 1) this.#delete(',
      },
    ],
    finder: 'simulation',
    where: 'ephemerals',
  },
  {
    id: 'version-not-raised',
    source: 'slip',
    what: 'A setData leaves the version as it was.',
    file: 'storage/prepare-change.ts',
    from: 'record.version = nextVersion(record.version);',
    to: 'record.version = nextVersion(record.version) - 1;',
    finder: 'simulation',
    where: 'compare-and-set',
  },
  {
    id: 'version-of-the-tree',
    source: 'slip',
    what: 'A write is prepared against the tree as it is, without what is on its way.',
    file: 'storage/outstanding.ts',
    from:
      'const known = this.#records.get(path);\n' +
      '      if (known !== undefined) return known.exists ? known : null;',
    to: '',
    finder: 'simulation',
    where: 'compare-and-set',
  },
  {
    id: 'sequence-reused',
    source: 'slip',
    what: 'A sequence counts the children that are there, not those that ever were.',
    file: 'storage/prepare-create.ts',
    from: 'sequenceSuffix(parent.childCreates)',
    to: 'sequenceSuffix(parent.childCount)',
    finder: 'simulation',
    where: 'sequences',
  },
  {
    id: 'multi-half-applied',
    source: 'slip',
    what: 'A multi does the parts that can be done, and tells an error for the others.',
    file: 'storage/prepare-multi.ts',
    from:
      'writer.length = start;\n      writeFailure(writer, count, index, error);\n' +
      '      return false;',
    to:
      'writer.length = partStart;\n      writer.int(Opcode.error).int(4).int(error);\n' +
      '      void [start, writeFailure];\n      reader.position = end;\n      continue;',
    finder: 'simulation',
    where: 'transfers',
  },
  {
    id: 'failed-multi-not-undone',
    source: 'ZOOKEEPER-1624',
    what: 'What a failed multi would have changed stays in the tree that is prepared against.',
    file: 'storage/prepare-multi.ts',
    from: 'outstanding.endUndo(!isDone);',
    to: 'outstanding.endUndo(isDone && !isDone);',
    finder: 'simulation',
    where: 'transfers',
  },
  {
    id: 'right-not-checked',
    source: 'slip',
    what: 'A delete does not ask for the right to delete.',
    file: 'storage/prepare-change.ts',
    from: 'allows(parent.aclId, Permission.delete, context.caller)',
    to: 'allows(parent.aclId, 0x1f, context.caller)',
    finder: 'simulation',
    where: 'rights',
  },
  {
    id: 'quota-not-checked',
    source: 'slip',
    what: 'A quota does not limit what is created.',
    file: 'storage/prepare-create.ts',
    from: 'context.rules.enforceQuota && context',
    to: 'context.rules.enforceQuota && size < 0 && context',
    finder: 'simulation',
    where: 'quotas',
  },
  {
    id: 'ttl-too-early',
    source: 'slip',
    what: 'A TTL znode goes at half its age.',
    file: 'actors/container-checker.ts',
    from: 'age(slot) > ttl)',
    to: 'age(slot) * 2 > ttl)',
    finder: 'simulation',
    where: 'lifetimes',
  },
];
