/**
 * The writes that scenarios are made of: sessions, znodes of some size, pairs that only a multi
 * makes and removes, ephemerals. The same ones in each run.
 */

import { JuteWriter } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { CreateMode } from '../../protocol/requests.ts';
import { createBody, deleteBody, multiBody, setDataBody } from '../support/pipeline.ts';
import type { Rig } from './rig.ts';

export const sessionA = '01000000000000aa';
export const sessionB = '02000000000000bb';

export function begin(rig: Rig): void {
  rig.prepare(Opcode.setSecret, new JuteWriter().bytes(Buffer.alloc(32, 7)).copy(), sessionA);
  openSession(rig, sessionA);
  openSession(rig, sessionB);
}

export function openSession(rig: Rig, session: string): void {
  rig.prepare(Opcode.createSession, new JuteWriter().int(30_000).copy(), session);
}

export function closeSession(rig: Rig, session: string): void {
  rig.prepare(Opcode.closeSession, Buffer.alloc(0), session);
}

export function create(rig: Rig, path: string, bytes: number): void {
  rig.prepare(Opcode.create, createBody(path, 0, path.repeat(bytes).slice(0, bytes)), sessionA);
}

export function setData(rig: Rig, path: string, text: string, bytes: number): void {
  rig.prepare(Opcode.setData, setDataBody(path, text.repeat(bytes).slice(0, bytes)), sessionA);
}

export function remove(rig: Rig, path: string): void {
  rig.prepare(Opcode.delete, deleteBody(path), sessionA);
}

export function createEphemeral(rig: Rig, path: string, session: string): void {
  rig.prepare(Opcode.create, createBody(path, CreateMode.ephemeral, 'mine'), session);
}

/** Both or neither: looked at in each state that is recovered. */
export function createPair(rig: Rig, name: string, bytes: number): void {
  const parts = ['left', 'right'].map((side) => ({
    op: Opcode.create as typeof Opcode.create,
    body: { path: `${name}-${side}`, data: Buffer.alloc(bytes, side), acl: openAcl, flags: 0 },
  }));
  rig.prepare(Opcode.multi, multiBody(parts), sessionA);
}

export function removePair(rig: Rig, name: string): void {
  const parts = ['left', 'right'].map((side) => ({
    op: Opcode.delete as typeof Opcode.delete,
    body: { path: `${name}-${side}`, version: -1 },
  }));
  rig.prepare(Opcode.multi, multiBody(parts), sessionA);
}
