/**
 * MACs of simulated frames, each worked out once: a MAC is a function of key, subject and bytes,
 * and in one process whoever hears a frame need not repeat what its sender did. A frame that was
 * damaged, or signed by another key, is other bytes: its MAC is worked out.
 */

import type { KeyObject } from 'node:crypto';
import { type MacOf, macsOf } from '../../actors/signed-bus.ts';

/** So many are kept at least, of frames no longer than that; a frame is heard soon. */
const memoriesMax = 256;
const frameBytesMax = 1024;

/** By key: the MACs of late, and those before. */
const memories = new Map<string, Memory>();

class Memory {
  readonly #macOf: MacOf;
  #late = new Map<string, Uint8Array>();
  #before = new Map<string, Uint8Array>();

  constructor(key: KeyObject) {
    this.#macOf = macsOf(key);
  }

  macOf(subject: string, frame: Uint8Array): Uint8Array {
    if (frame.length > frameBytesMax) return this.#macOf(subject, frame);
    const { buffer, byteOffset, length } = frame;
    // One character for a byte: equal texts are equal bytes.
    const text = `${subject}\n${Buffer.from(buffer, byteOffset, length).toString('latin1')}`;
    const known = this.#late.get(text) ?? this.#before.get(text);
    if (known !== undefined) return known;
    const mac = this.#macOf(subject, frame);
    if (this.#late.size >= memoriesMax) {
      this.#before = this.#late;
      this.#late = new Map();
    }
    this.#late.set(text, mac);
    return mac;
  }
}

export function rememberedMacs(key: KeyObject): MacOf {
  const name = key.export().toString('hex');
  let memory = memories.get(name);
  if (memory === undefined) {
    memory = new Memory(key);
    memories.set(name, memory);
  }
  const found = memory;
  return (subject, frame) => found.macOf(subject, frame);
}
