/**
 * What every ensemble begins with: a secret for session passwords, and its members in the config
 * znode. The first leader has both agreed upon before anybody serves a client; a replica that has a
 * role waits until it has applied them.
 */

import { JuteWriter } from '../protocol/jute.ts';
import { formatMembership, membershipFrom } from '../protocol/membership.ts';
import { Opcode } from '../protocol/opcode.ts';
import { makeZxid } from '../protocol/zxid.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import type { Members } from './members.ts';
import type { Random } from './random.ts';
import type { Settings } from './settings.ts';

export interface FoundingPorts {
  submit(op: number, body: Buffer): void;
  founded(): void;
}

const secretBytes = 32;

export class Founding {
  readonly #state: ReplicatedState;
  readonly #members: Members;
  readonly #settings: Settings;
  readonly #random: Random;
  /** A standalone replica has no members to write down. */
  readonly #hasMembers: boolean;
  readonly #ports: FoundingPorts;
  /** A role is ours, and only these txns may be missing. */
  #isUnderWay = false;

  constructor(
    parts: {
      readonly state: ReplicatedState;
      readonly members: Members;
      readonly settings: Settings;
      readonly random: Random;
      readonly hasMembers: boolean;
    },
    ports: FoundingPorts,
  ) {
    this.#state = parts.state;
    this.#members = parts.members;
    this.#settings = parts.settings;
    this.#random = parts.random;
    this.#hasMembers = parts.hasMembers;
    this.#ports = ports;
  }

  get #lacksMembers(): boolean {
    return this.#hasMembers && this.#members.agreedText === '';
  }

  /** Calls `founded` once all is there; who decides has it made. */
  begin(isDecider: boolean, epoch: number): void {
    this.#isUnderWay = true;
    if (isDecider && this.#state.secret === null) {
      const secret = this.#random.bytes(secretBytes);
      this.#ports.submit(Opcode.setSecret, new JuteWriter(64).bytes(secret).copy());
    }
    if (isDecider && this.#lacksMembers) {
      const { servers, groups, weights, reconfigEnabled } = this.#settings;
      // The first version that a client can name is that of this leader's history (spec 6.9).
      const version = reconfigEnabled ? makeZxid(epoch, 0) : 0;
      const text = formatMembership(membershipFrom(servers, groups, weights, version));
      this.#ports.submit(Opcode.setMembership, new JuteWriter(1024).string(text).copy());
    }
    this.check();
  }

  /** Something of it may have been applied. */
  check(): void {
    if (!this.#isUnderWay || this.#state.secret === null || this.#lacksMembers) return;
    this.#isUnderWay = false;
    this.#ports.founded();
  }

  /** The role is over. */
  end(): void {
    this.#isUnderWay = false;
  }
}
