/**
 * Members come and go by incremental reconfigs of two administrators at a time: each configuration
 * has one version, versions rise, of two changes of one version at most one is made, and what was
 * answered is in the next.
 */

import { type Client, ErrorCode } from '../../../client/client.ts';
import { parseMembership, votersOf } from '../../../protocol/membership.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const administratorCount = 2;
const pauseMs = 1_500;
const readMs = 200;
const clientPorts = 18_000;
const refusals = [
  ...[ErrorCode.reconfigInProgress, ErrorCode.newConfigNoQuorum, ErrorCode.badVersion],
  ...[ErrorCode.reconfigDisabled, ErrorCode.noAuth],
];

interface Change {
  readonly joining?: string;
  readonly leaving?: string;
}

export const makeReconfigurations: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random, voters, spare, superuser, fewestVoters = voters.length } = parts;
  /** By version: the members, as answers and reads told. */
  const texts = new Map<number, string>();
  /** Versions that an answered change was made from. */
  const bases = new Set<number>();
  let answeredMax = 0;
  /** Where each of the first members was listed. */
  const specs = new Map<number, string>();

  function open(): Client {
    const auth = superuser ? [{ scheme: 'digest', auth: superuser }] : [];
    return crew.open({ auth, ...crew.someSids() });
  }

  function learn(data: Uint8Array | null, seen: number, invariant: string): number {
    const text = `${data ?? ''}`;
    const { version } = parseMembership(text);
    const before = texts.get(version) ?? text;
    crew.expect(before === text, 'C1', () => `version ${version} is ${text} and ${before}`);
    texts.set(version, before);
    crew.expect(version >= seen, invariant, () => `the configuration is ${version} after ${seen}`);
    for (const line of text.split('\n')) {
      const sid = Number(/^server\.(\d+)=/.exec(line)?.[1] ?? 0);
      if (sid > 0 && !specs.has(sid)) specs.set(sid, line);
    }
    return version;
  }

  /** A change that makes sense after `text`. */
  function someChange(text: string): Change {
    const members = parseMembership(text);
    const voting = votersOf(members);
    const changes: Change[] = [];
    const mayLeave = voting.length > fewestVoters;
    for (const sid of voters) {
      const isVoting = voting.includes(sid);
      if (isVoting && mayLeave) changes.push({ leaving: `${sid}` });
      // One that is there already only makes a new version.
      if (!isVoting || !mayLeave) changes.push({ joining: reachable(specs.get(sid)!) });
    }
    if (spare && !members.servers.some(({ sid }) => sid === spare.sid)) {
      changes.push({ joining: reachable(spare.spec) });
    } else if (spare && (mayLeave || !voting.includes(spare.sid))) {
      changes.push({ leaving: `${spare.sid}` });
    }
    return random.pick(changes);
  }

  function administrate(client: Client): void {
    let seen = 0;
    crew.repeat(pauseMs, async () => {
      const config = await crew.valueOf(() => client.getConfig());
      if (config === undefined) return;
      seen = Math.max(seen, learn(config.data, seen, 'C3'));
      const change = someChange(`${config.data}`);
      const answeredBefore = answeredMax;
      const fromConfig = seen;
      const outcome = await crew.attempt(
        () => client.reconfig({ ...change, fromConfig }),
        ...refusals,
      );
      if (outcome.kind === 'refused') crew.count(`refused ${outcome.code}`);
      if (outcome.kind !== 'acknowledged') return;
      const version = learn(outcome.value.data, answeredBefore + 1, 'C1');
      seen = Math.max(seen, version);
      answeredMax = Math.max(answeredMax, version);
      crew.expect(!bases.has(fromConfig), 'C1', () => {
        return `two changes of version ${fromConfig} were answered, one by ${version}`;
      });
      bases.add(fromConfig);
      checkChange(change, `${outcome.value.data}`);
    });
  }

  function checkChange({ joining, leaving }: Change, text: string): void {
    const sids = parseMembership(text).servers.map(({ sid }) => sid);
    const joined = Number(/^server\.(\d+)=/.exec(joining ?? '')?.[1] ?? sids[0]);
    const isRight = sids.includes(joined) && !sids.includes(Number(leaving ?? 0));
    const asked = () => `${joining ?? leaving} was asked, and answered by ${text}`;
    crew.expect(isRight, 'C1', asked);
  }

  return {
    name: 'reconfigurations',
    counts: crew.counts,
    start() {
      for (let at = 0; at < administratorCount; at++) administrate(open());
      const reader = crew.open();
      let seen = 0;
      crew.repeat(readMs, async () => {
        const config = await crew.valueOf(() => reader.getConfig());
        if (config !== undefined) seen = Math.max(seen, learn(config.data, seen, 'C3'));
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync('/'));
        const { data } = await crew.patiently(() => client.getConfig());
        learn(data, answeredMax, 'Z10');
      }),
  };
};

/** A server that joins says where clients find it; an address of its own where it has none yet. */
function reachable(spec: string): string {
  const [, sid, host] = /^server\.(\d+)=([^:]+)/.exec(spec)!;
  return spec.includes(';') ? spec : `${spec};${host}:${clientPorts + Number(sid)}`;
}
