/**
 * The containers and TTL znodes that a replica removes by itself: which, when, and how fast.
 */

import { describe, expect, test } from 'vitest';
import { ContainerChecker } from '../../actors/container-checker.ts';
import { JuteReader } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { bodyOf, createBody, deleteBody, Pipeline, setDataBody } from '../support/pipeline.ts';

describe('the container checker', () => {
  function checked(neverUsedMsMax = 0) {
    const pipeline = new Pipeline();
    const clock = new FakeClock();
    pipeline.nowMs = clock.wallMs();
    const removed: string[] = [];
    const options = { intervalMs: 60_000, deletesPerMinuteMax: 3, neverUsedMsMax };
    const checker = new ContainerChecker(pipeline.state.tree, clock, options, ({ buffer, op }) => {
      expect(op).toBe(Opcode.deleteContainer);
      removed.push(new JuteReader(buffer).string()!);
    });
    checker.start();
    const znode = (path: string, flags: number) => ({ path, data: null, acl: openAcl, flags });
    const container = (path: string) =>
      pipeline.run(Opcode.createContainer, bodyOf(Opcode.createContainer, znode(path, 4)));
    const ttl = (path: string, ttlMs: number) =>
      pipeline.run(Opcode.createTtl, bodyOf(Opcode.createTtl, { ...znode(path, 5), ttl: ttlMs }));
    return { pipeline, clock, removed, checker, container, ttl };
  }

  test('proposes containers that have lost their children, not unused ones', () => {
    const { pipeline, clock, removed, container } = checked();
    for (const path of ['/used', '/unused', '/full']) container(path);
    pipeline.run(Opcode.create, createBody('/full/x'));
    pipeline.run(Opcode.create, createBody('/used/x'));
    pipeline.run(Opcode.delete, deleteBody('/used/x'));

    clock.advance(60_000);

    expect(removed).toEqual(['/used']);
  });

  test('proposes unused containers after a time, if one is set', () => {
    const { clock, removed, container } = checked(100_000);
    container('/unused');

    clock.advance(60_000);
    expect(removed).toEqual([]);
    clock.advance(60_000);
    expect(removed).toEqual(['/unused']);
  });

  test('proposes TTL znodes that outlived their time since they were written', () => {
    const { pipeline, clock, removed, ttl } = checked();
    ttl('/short', 1000);
    ttl('/long', 1_000_000);
    ttl('/parent', 1000);
    ttl('/touched', 61_000);
    pipeline.run(Opcode.create, createBody('/parent/x'));
    clock.advance(59_000);
    pipeline.nowMs = clock.wallMs();
    pipeline.run(Opcode.setData, setDataBody('/touched', 'x'));
    clock.advance(1000);
    expect(removed).toEqual(['/short']);
    removed.length = 0;
    clock.advance(60_000);
    expect(removed).toEqual(['/short']);
    clock.advance(60_000);
    expect(removed.slice(1).sort()).toEqual(['/short', '/touched']);
  });

  test('keeps to its rate, and to its end', () => {
    const { clock, removed, checker, ttl } = checked();
    for (let at = 0; at < 10; at++) ttl(`/t${at}`, 1);

    clock.advance(60_000);
    expect(removed).toHaveLength(3);
    checker.stop();
    clock.advance(600_000);
    expect(removed).toHaveLength(3);
  });
});
