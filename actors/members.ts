/**
 * The members of the ensemble as they are agreed upon: the config znode where it says so, else the
 * configuration file. What the machines must know of it is who makes a quorum.
 */

import { crc32 } from 'node:zlib';
import { majorityOf, type QuorumConfig, type QuorumSystem } from '../machines/quorum.ts';
import { batchHeaderBytes, firstZxidOf, txnCountOf } from '../protocol/batch.ts';
import { JuteReader } from '../protocol/jute.ts';
import {
  formatMembership,
  type Membership,
  MembershipError,
  membershipFrom,
  parseMembership,
  votersOf,
} from '../protocol/membership.ts';
import { Opcode } from '../protocol/opcode.ts';
import { configPath } from '../protocol/path.ts';
import { Txn } from '../protocol/txn.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import type { Settings } from './settings.ts';

export class Members {
  readonly #state: ReplicatedState;
  readonly #configured: Membership;
  #current!: Membership;
  /** Of the current list; asked for at every tick. */
  #text = '';
  #sum = 0;
  /** Of these two lists; asked for at every look. */
  #quorum: { current: Membership; pending: Membership | null; system: QuorumSystem } | null = null;
  readonly #disagreeing = new Set<number>();
  /** Proposed and not committed: both it and the present one must agree then. */
  pending: Membership | null = null;

  constructor(state: ReplicatedState, settings: Settings) {
    this.#state = state;
    const { servers, groups, weights } = settings;
    this.#configured = membershipFrom(servers, groups, weights, settings.configVersion);
    this.#take(this.#configured);
    this.refresh();
  }

  get current(): Membership {
    return this.#current;
  }

  /** The text in the config znode; '' while nobody has put one there. */
  get agreedText(): string {
    const { tree } = this.#state;
    return tree.data(tree.findPath(configPath))?.toString() ?? '';
  }

  get text(): string {
    return this.#text;
  }

  /** A sum over the text, by which replicas see that they go by different ones. */
  get sum(): number {
    return this.#sum;
  }

  #take(membership: Membership): void {
    this.#current = membership;
    this.#text = formatMembership(membership);
    this.#sum = crc32(this.#text) | 0;
  }

  /** The config znode may have changed. */
  refresh(): void {
    const text = this.agreedText;
    this.pending = null;
    if (text === '') return;
    try {
      const agreed = parseMembership(text);
      // The first one only repeats the files, which the operator may have edited since; and one
      // that we have learned of may not have come to our tree yet.
      if (agreed.version > this.#current.version) this.#take(agreed);
    } catch (failure) {
      if (!(failure instanceof MembershipError)) throw failure;
    }
  }

  /** Takes over a later list that another replica goes by; false if it is none. */
  learn(version: number, text: string): boolean {
    if (text === '' || version <= this.#current.version) return false;
    try {
      const later = parseMembership(text);
      if (later.version !== version) return false;
      this.#take(later);
      return true;
    } catch (failure) {
      if (!(failure instanceof MembershipError)) throw failure;
      return false;
    }
  }

  /** A reconfig that is in our log and not committed: it binds whoever leads. */
  findPending(unapplied: Iterable<Buffer>): void {
    const text = lastMembershipIn(unapplied);
    this.pending = text === null ? null : parseMembership(text);
  }

  /** Who has to agree at present. */
  get quorum(): QuorumSystem {
    const { current, pending } = this;
    if (this.#quorum?.current !== current || this.#quorum.pending !== pending) {
      const lists = pending === null ? [current] : [current, pending];
      this.#quorum = { current, pending, system: lists.map(quorumOf) };
    }
    return this.#quorum.system;
  }

  /** Is this the first that we hear of another list of the same version from that replica? */
  newlyDisagrees(sid: number, version: number, sum: number): boolean {
    if (version !== this.#current.version || sum === this.sum) return false;
    if (this.#disagreeing.has(sid)) return false;
    this.#disagreeing.add(sid);
    return true;
  }

  isVoter(sid: number): boolean {
    return votersOf(this.#current).includes(sid);
  }
}

export function quorumOf(membership: Membership): QuorumConfig {
  const { groups, weights } = membership;
  const voters = votersOf(membership);
  if (Object.keys(groups).length === 0) return majorityOf(voters);
  return {
    groups: Object.values(groups).map((sids) =>
      Object.fromEntries(
        sids.filter((sid) => voters.includes(sid)).map((sid) => [sid, weights[sid] ?? 1]),
      ),
    ),
  };
}

/** The text of the last reconfig among these batches; null if there is none. */
function lastMembershipIn(frames: Iterable<Buffer>): string | null {
  const reader = new JuteReader();
  const txn = new Txn();
  let text: string | null = null;
  for (const frame of frames) {
    const first = firstZxidOf(frame);
    reader.reset(frame, batchHeaderBytes, frame.length);
    for (let index = 0; index < txnCountOf(frame); index++) {
      txn.read(reader, first + index);
      if (txn.type === Opcode.reconfig) text = frame.toString('utf8', txn.dataStart, txn.dataEnd);
    }
  }
  return text;
}
