/**
 * Where machines can be looked at as they run. Hosts and tables ask whether anybody wants a step
 * before they put anything together for it: with nobody there, that is a field to read. Who looks
 * changes nothing.
 */

import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import type { PacketHeader } from '../protocol/packet.ts';

/** An actor with a host of its own. */
export interface TappedActor {
  readonly machine: AnyStateMachine;
  /** Unique in the replica: the machine's name, and which of them it is. */
  readonly name: string;
  snapshot(): AnyMachineSnapshot;
}

/** A machine of which there are many, run by its table; an instance is the number of a state. */
export interface TappedTable {
  readonly machine: AnyStateMachine;
  readonly states: readonly string[];
  readonly events: readonly string[];
  readonly snapshots: readonly AnyMachineSnapshot[];
}

/** One of many. */
export interface TappedInstance {
  readonly table: TappedTable;
  /** The number of its state. */
  readonly state: number;
}

/** Told of everything that is wanted, before the effects of the step are carried out. */
export interface TapSink {
  began(actor: TappedActor): void;
  stepped(actor: TappedActor, step: TappedStep): void;
  /** `name` makes the instance's name: asked for only where the step is shown. */
  tableStepped(table: TappedTable, name: () => string, step: TableStep): void;
  received(header: Readonly<PacketHeader>, bytes: number): void;
}

export interface TappedStep {
  readonly event: { readonly type: string };
  readonly before: AnyMachineSnapshot;
  /** Names of states, e.g. `ruling.broadcasting`. */
  readonly from: string;
  readonly to: string;
}

/** Numbers of the table. */
export interface TableStep {
  readonly state: number;
  readonly event: number;
  readonly next: number;
}

export class Tap {
  readonly sink: TapSink | null;
  /** What is wanted now. Steps of hosts that change the state are told of in any case. */
  hosts = false;
  sessions = false;
  watches = false;
  connections = false;
  messages = false;

  constructor(sink: TapSink | null) {
    this.sink = sink;
  }
}

/** Nobody looks, ever. */
export const noTap = new Tap(null);
