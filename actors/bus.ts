/**
 * The bus between replicas: subjects, binary frames, at most once, in order while connected. A
 * standalone replica has one inside its own process (local-bus.ts), an ensemble has NATS
 * (nats-bus.ts); all are held to one suite.
 */

/** Takes a frame, which may be kept. Must not throw. */
export type FrameHandler = (frame: Uint8Array, subject: string) => void;

export interface Subscription {
  cancel(): void;
}

export interface Bus {
  /**
   * Hands the frame to all other subscribers of the subject, never to ourselves; never waits; drops
   * it while not connected. The frame must not change until the turn is over.
   */
  publish(subject: string, frame: Uint8Array): void;
  /** As publish; `absent` is called if the bus says that nobody hears it. A hint, not a proof. */
  probe(subject: string, frame: Uint8Array, absent: () => void): void;
  /** `subject` may end in `.>`: everything below it. */
  subscribe(subject: string, handler: FrameHandler): Subscription;
  readonly isConnected: boolean;
  /** Called at each change of isConnected. */
  onConnection: (isConnected: boolean) => void;
  close(): Promise<void>;
}

/**
 * What a replica is attached to: a connection for Zab's data, one for election and heartbeats that
 * no data can hold up, one for bulk (snapshots). In one process all three may be the same.
 */
export interface BusLinks {
  readonly zab: Bus;
  readonly election: Bus;
  readonly bulk: Bus;
  /** The bus's own system account, where we may listen to it. */
  readonly system?: Bus;
}

/** Subjects of an ensemble (design, section 6). */
export function subjects(ensemble: string) {
  const prefix = `natskeeper.${ensemble}`;
  return {
    /** Votes and heartbeats of everybody. */
    election: `${prefix}.election`,
    /** The leader's broadcast: each proposal is one publish. */
    zab: `${prefix}.zab`,
    /** A replica's inbox for Zab, and for snapshots. */
    peer: (sid: number) => `${prefix}.peer.${sid}`,
    bulk: (sid: number) => `${prefix}.bulk.${sid}`,
    /** A replica's inbox for heartbeats: nobody hears it once the replica is gone. */
    beat: (sid: number) => `${prefix}.beat.${sid}`,
    /** Records of what a replica does, by machine; those of all are below `inspections`. */
    inspection: (sid: number, machine: string) => `${prefix}.inspect.${sid}.${machine}`,
    inspections: `${prefix}.inspect.>`,
    /** What viewers want to see; questions to a replica; answers to a viewer. */
    inspectWants: `${prefix}.inspect-wants`,
    inspectAsk: (sid: number) => `${prefix}.inspect-ask.${sid}`,
    inspectAnswer: (viewer: string) => `${prefix}.inspect-answer.${viewer}`,
  } as const;
}
