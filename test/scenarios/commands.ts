/**
 * The commands of scripts: what each looks like, and what it does. Those for clients come last, as
 * most words could begin one.
 */

import { clientVerbs } from './client-verbs.ts';
import { showEpochs, showLog, showRole, showTree } from './looks.ts';
import { disks, lives } from './replica-verbs.ts';
import type { Passing } from './rules.ts';
import type { Stage } from './stage.ts';
import { frameName, named, type Verb } from './verb.ts';
import { wires } from './wire-verbs.ts';

/** Resolves at the event in which it happens. */
async function untilFrame(stage: Stage, sid: number, passing: Passing, name: string) {
  let hasCome = false;
  const listen = (how: Passing, frame: { from: number; to: number; name: string }) => {
    const who = how === 'sends' ? frame.from : frame.to;
    if (how === passing && who === sid && frame.name === name) hasCome = true;
  };
  stage.rules.listeners.add(listen);
  await stage.until(`${sid} ${passing} ${name}`, () => hasCome);
  stage.rules.listeners.delete(listen);
}

const times: readonly Verb[] = [
  {
    pattern: /^settle( quietly)?$/,
    do: (stage, [quietly]) => stage.settle(quietly !== undefined),
  },
  {
    pattern: /^wait (\d+) ms$/,
    do: async (stage, [ms]) => void (await stage.passes(Number(ms))),
  },
  {
    pattern: /^until a leader$/,
    do: (stage) => stage.until('a leader', () => stage.ensemble.leader !== undefined),
  },
  {
    pattern: /^until (\d+) (leads|follows|observes|refuses|is down)$/,
    do: (stage, [sid, what]) => {
      const isSo = () => showRole(stage.of(Number(sid)));
      const word = what === 'refuses' ? 'refused' : what!;
      return stage.until(`${sid} ${what}`, () => isSo().includes(word));
    },
  },
  {
    pattern: /^until (\d+) (sends|gets) ([A-Z]+)$/,
    do: (stage, [sid, passing, name]) =>
      untilFrame(stage, Number(sid), passing as Passing, frameName(name!)),
  },
  {
    pattern: /^until the (leader|learner) of (\d+) is (\w+)$/,
    do: (stage, [machine, sid, state]) => {
      const { states } = stage.chronicle;
      const isSo = () => states.get(`${sid} ${machine}`)?.split('.').at(-1) === state;
      return stage.until(`the ${machine} of ${sid} is ${state}`, isSo);
    },
  },
];

const shows: readonly Verb[] = [
  {
    pattern: /^show (log|tree|epochs|roles)(?: of)?(?: ([\d ]+?))?(?: from (0x\w+))?$/,
    do: (stage, [what, sids, from]) => {
      for (const replica of named(stage, sids)) {
        const text = {
          log: () => showLog(replica, Number(from ?? 0)),
          tree: () => showTree(replica),
          epochs: () => showEpochs(replica),
          roles: () => showRole(replica),
        }[what as 'log' | 'tree' | 'epochs' | 'roles']();
        stage.chronicle.add(replica.sid, text);
      }
    },
  },
];

const verbs = [...lives, ...disks, ...wires, ...times, ...shows, ...clientVerbs];

export async function carryOut(stage: Stage, command: string): Promise<void> {
  for (const verb of verbs) {
    const match = verb.pattern.exec(command);
    if (match !== null) return verb.do(stage, match.slice(1));
  }
  throw new Error('scenario: no such command');
}
