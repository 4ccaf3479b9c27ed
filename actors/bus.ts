/**
 * The bus between replicas: subjects, binary frames, at most once, in order while connected. A
 * standalone replica has one inside its own process (local-bus.ts); both are held to one suite.
 */

/** Takes a frame; it is valid during the call only. Must not throw. */
export type FrameHandler = (frame: Uint8Array, subject: string) => void;

export interface Subscription {
  cancel(): void;
}

export interface Bus {
  /** Hands the frame to all subscribers of the subject, here and elsewhere; never waits. */
  publish(subject: string, frame: Uint8Array): void;
  /** `subject` may end in `.>`: everything below it. */
  subscribe(subject: string, handler: FrameHandler): Subscription;
  close(): Promise<void>;
}

/** Subjects of an ensemble (design, section 6). */
export function subjects(ensemble: string) {
  const prefix = `natskeeper.${ensemble}`;
  return {
    /** The leader's broadcast: each proposal is one publish. */
    zab: `${prefix}.zab`,
  } as const;
}
