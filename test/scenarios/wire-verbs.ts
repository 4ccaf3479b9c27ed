/**
 * Commands about the bus, and the roads that clients come by: cuts, frames that are lost or held.
 */

import { frameName, named, numbersIn, type Verb } from './verb.ts';

/** How late a replica learns that its bus is gone, ms. */
const noticedMs = 1;

export const wires: readonly Verb[] = [
  {
    pattern: /^cut ([\d ]+) \| ([\d ]+)$/,
    do: ({ ensemble }, [some, others]) =>
      ensemble.net.ways.cut(numbersIn(some!), numbersIn(others!)),
  },
  {
    pattern: /^cut (\d+) to ([\d ]+)$/,
    do: ({ ensemble }, [from, to]) => {
      for (const sid of numbersIn(to!)) ensemble.net.ways.of(Number(from), sid).isCut = true;
    },
  },
  { pattern: /^heal$/, do: ({ ensemble }) => ensemble.net.ways.healAll() },
  {
    pattern: /^(lose|hold) (one )?([A-Z]+) (\d+) to (\d+)$/,
    do: ({ rules }, [does, one, name, from, to]) =>
      void rules.rules.push({
        ...{ does: does as 'lose' | 'hold', name: frameName(name!), isOnce: one !== undefined },
        ...{ from: Number(from), to: Number(to) },
      }),
  },
  { pattern: /^release$/, do: ({ rules }) => rules.release() },
  {
    pattern: /^tell ([A-Z ]+)$/,
    do: ({ chronicle }, [names]) => {
      chronicle.told.clear();
      for (const name of names!.split(' ')) {
        if (name === 'NOTHING') continue;
        chronicle.told.add(name === 'ELECTED' ? name : frameName(name));
      }
    },
  },
  {
    pattern: /^(unplug|plug)(?: ([\d ]+))?$/,
    do: (stage, [verb, sids]) => {
      for (const { buses } of named(stage, sids)) {
        for (const bus of buses) bus.setConnected(verb === 'plug', noticedMs);
      }
    },
  },
  {
    pattern: /^(close|open) road of ([\d ]+)$/,
    do: (stage, [verb, sids]) => {
      for (const replica of named(stage, sids)) replica.setRoad(verb === 'close');
    },
  },
];
