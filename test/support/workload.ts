/**
 * Random write requests over a small set of paths, so that they meet each other: what the property
 * tests of prepare, apply, snapshots and recovery share. Commands are plain data that shrink well.
 */

import fc from 'fast-check';
import type { MultiRequest } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Acl } from '../../protocol/record.ts';
import { openAcl, readOnlyAcl } from '../../protocol/record.ts';
import { CreateMode } from '../../protocol/requests.ts';
import { bodyOf, multiBody, type Pipeline } from './pipeline.ts';

export const workloadSessions = [
  ...['0100000000000001', '0100000000000002', 'ff00000000000003', 'fe00000000000004'],
  ...['0100000000000005', '0200000000000006', '8000000000000007', '7fffffffffffffff'],
];

const paths = [
  ...['/a', '/b', '/c', '/zookeeper/x'],
  ...['/a/a', '/a/b', '/a/c', '/b/a', '/b/ü'],
  ...['/a/a/a', '/a/a/b', '/b/a/a'],
];

const simpleKinds = [
  'create',
  'create',
  'create2',
  'sequential',
  'ephemeral',
  'container',
  'ttl',
  'delete',
  'delete',
  'setData',
  'check',
] as const;
type SimpleKind = (typeof simpleKinds)[number];

interface SimpleCommand {
  readonly kind: SimpleKind;
  readonly path: string;
  /** Bytes of data; -1 for null. */
  readonly size: number;
  readonly version: number;
  readonly acl: number;
}

export type Command =
  | { readonly kind: 'simple'; readonly session: number; readonly part: SimpleCommand }
  | { readonly kind: 'multi'; readonly session: number; readonly parts: readonly SimpleCommand[] }
  | {
      readonly kind: 'setAcl';
      readonly session: number;
      readonly path: string;
      readonly acl: number;
    }
  | { readonly kind: 'close'; readonly session: number };

const acls: readonly (readonly Acl[])[] = [
  openAcl,
  [{ perms: 31, id: { scheme: 'ip', id: '10.0.0.1' } }],
  [...openAcl, { perms: 31, id: { scheme: 'digest', id: 'bob:x' } }],
  [{ perms: 31, id: { scheme: 'world', id: 'anyone' } }, ...readOnlyAcl],
];

const simple: fc.Arbitrary<SimpleCommand> = fc.record({
  kind: fc.constantFrom(...simpleKinds),
  path: fc.constantFrom(...paths),
  size: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -1, max: 200 }) },
    { weight: 1, arbitrary: fc.constantFrom(65_530, 65_536, 65_540, 100_000) },
  ),
  version: fc.constantFrom(-1, -1, -1, 0, 1),
  acl: fc.nat(acls.length - 1),
});
const session = fc.nat(workloadSessions.length - 1);

export const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('simple' as const), session, part: simple }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('multi' as const),
      session,
      parts: fc.array(simple, { maxLength: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('setAcl' as const),
      session,
      path: fc.constantFrom(...paths),
      acl: fc.nat(acls.length - 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('close' as const), session }),
  },
);

export const commands = (maxLength: number): fc.Arbitrary<Command[]> =>
  fc.array(command, { maxLength, size: 'max' });

function dataOf({ path, size }: SimpleCommand): Buffer | null {
  return size < 0 ? null : Buffer.alloc(size, path);
}

function partOf(part: SimpleCommand): MultiRequest {
  const { path, version } = part;
  const base = { path, data: dataOf(part), acl: acls[part.acl]! };
  switch (part.kind) {
    case 'create':
      return { op: Opcode.create, body: { ...base, flags: CreateMode.persistent } };
    case 'create2':
      return { op: Opcode.create2, body: { ...base, flags: CreateMode.persistent } };
    case 'sequential':
      return { op: Opcode.create, body: { ...base, flags: CreateMode.persistentSequential } };
    case 'ephemeral':
      return { op: Opcode.create, body: { ...base, flags: CreateMode.ephemeral } };
    case 'container':
      return { op: Opcode.createContainer, body: { ...base, flags: CreateMode.container } };
    case 'ttl':
      return {
        op: Opcode.createTtl,
        body: { ...base, flags: CreateMode.persistentWithTtl, ttl: 1000 + part.size },
      };
    case 'delete':
      return { op: Opcode.delete, body: { path, version } };
    case 'setData':
      return { op: Opcode.setData, body: { path, data: base.data, version } };
    case 'check':
      return { op: Opcode.check, body: { path, version } };
  }
}

/** Prepares the command's request; what it leads to is the pipeline's business. */
export function prepareCommand(pipeline: Pipeline, one: Command): void {
  const origin = { session: workloadSessions[one.session]! };
  switch (one.kind) {
    case 'simple': {
      const { op, body } = partOf(one.part);
      if (op === Opcode.check)
        pipeline.prepare(Opcode.multi, multiBody([partOf(one.part)]), origin);
      else pipeline.prepare(op, bodyOf(op, body as never), origin);
      break;
    }
    case 'multi':
      pipeline.prepare(Opcode.multi, multiBody(one.parts.map(partOf)), origin);
      break;
    case 'setAcl': {
      const body = { path: one.path, acl: acls[one.acl]!, version: -1 };
      pipeline.prepare(Opcode.setAcl, bodyOf(Opcode.setAcl, body), origin);
      break;
    }
    case 'close':
      pipeline.prepare(Opcode.closeSession, Buffer.alloc(0), origin);
      break;
  }
}
