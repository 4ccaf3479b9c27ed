/**
 * The workloads themselves: each gets on with its work and finds nothing wrong with an ensemble
 * that does what it should, whole or with replicas that are killed; and each finds what is done
 * behind its back.
 */

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Settings } from '../../../actors/settings.ts';
import {
  type Client,
  ConnectionLossError,
  ErrorCode,
  openAcl,
  ZooKeeperError,
} from '../../../client/client.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { Schedule } from '../schedule.ts';
import { SimEnsemble, serverSpec } from '../sim-ensemble.ts';
import { Trace } from '../trace.ts';
import type { Finding, Workload, WorkloadClientOptions } from './workload.ts';
import { workloads } from './workloads.ts';

const names = Object.keys(workloads);
const password = 'super:secret';
const superDigest = `super:${createHash('sha1').update(password).digest('base64')}`;
const settings = {
  ...{ superDigest, enforceQuota: true, reconfigEnabled: true, extendedTypesEnabled: true },
  containerCheckIntervalMs: 3_000,
};

interface Stage {
  readonly schedule: Schedule;
  readonly ensemble: SimEnsemble;
  readonly workload: Workload;
  /** A client of the superuser. */
  readonly client: Client;
}

interface Play {
  readonly seed?: number;
  /** In place of those that the ensemble has otherwise. */
  readonly settings?: Partial<Settings>;
  /** What happens while it works; by default nothing for a while. */
  during?(stage: Stage): Promise<unknown>;
  /** What happens once it has stopped. */
  behind?(stage: Stage): Promise<unknown>;
  /** Stands between the programs and their clients. */
  readonly wrap?: (client: Client) => Client;
  /** Stands between the check and its client. */
  readonly wrapCheck?: (client: Client) => Client;
}

interface Result {
  readonly findings: Finding[];
  readonly counts: { readonly [what: string]: number };
  readonly hash: string;
}

/** Plays a workload in a simulated ensemble of three, with a fourth replica to be added. */
async function play(name: string, play: Play = {}): Promise<Result> {
  const random = new SeededRandom(play.seed ?? 1);
  const schedule = new Schedule();
  const trace = new Trace(schedule, false);
  const violations: Finding[] = [];
  const ensemble = new SimEnsemble({
    ...{ schedule, random, trace },
    shape: { voters: 3, observers: 0, settings: { ...settings, ...play.settings } },
    tap: () => null,
    violated: (invariant, text) => void violations.push({ invariant, text }),
    forgotten: () => {},
  });
  const open = (options: WorkloadClientOptions = {}) => {
    const client = ensemble.open({ sids: ensemble.voters, ...options });
    return play.wrap?.(client) ?? client;
  };
  const spec = `server.4=${serverSpec(4, false)}`;
  const workload = workloads[name]!({
    ...{ schedule, random: new SeededRandom(random.below(2 ** 31)), open },
    ...{
      voters: [1, 2, 3],
      spare: { sid: 4, spec },
      superuser: password,
      areClocksTrue: true,
      fewestVoters: 2,
    },
  });
  const serving = async () => {
    while (!ensemble.isServing) await schedule.sleep(20);
  };
  const story = async (): Promise<Finding[]> => {
    ensemble.start();
    ensemble.add(4).start();
    for (const { time } of ensemble.replicas) time.wallOffsetMs = -time.baseMs;
    await serving();
    const client = ensemble.open({ auth: [{ scheme: 'digest', auth: password }] });
    const stage = { schedule, ensemble, workload, client };
    workload.start();
    await schedule.sleep(5_000);
    await play.during?.(stage);
    await schedule.sleep(3_000);
    await serving();
    await workload.stop();
    await play.behind?.(stage);
    return workload.check(play.wrapCheck?.(client) ?? client);
  };
  let findings: Finding[] | null = null;
  const told = story().then((found) => {
    findings = found;
  });
  await Promise.race([Promise.all([told, schedule.run(() => findings !== null)])]);
  return { findings: [...violations, ...findings!], counts: workload.counts, hash: trace.hash };
}

/** The same client but for some methods. */
function instead(client: Client, methods: Partial<Client>): Client {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(name in methods ? methods : target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('nothing is found, and work is done', () => {
  for (const name of names) {
    test(`${name} in an ensemble that nobody disturbs`, async () => {
      const { findings, counts } = await play(name);

      expect(findings).toEqual([]);
      expect(counts['acknowledged']).toBeGreaterThan(40);
      // Two clients of one session cut each other short; others sleep through their session's end.
      const isCutShort = ['churn', 'locks', 'sleepers'].includes(name);
      if (!isCutShort) expect(counts['unknown']).toBe(0);
    });

    test(`${name} while replicas are killed and clients cut off`, async () => {
      const { findings, counts } = await play(name, {
        seed: 2,
        async during({ schedule, ensemble }) {
          for (let round = 0; round < 3; round++) {
            const sid = round === 1 ? 1 : (ensemble.leader?.sid ?? 2);
            ensemble.of(sid).kill(round === 2 ? 'power' : 'process');
            await schedule.sleep(700);
            ensemble.of(sid).start();
            await schedule.sleep(1_500);
            ensemble.of(2).setRoad(true);
            await schedule.sleep(900);
            ensemble.of(2).setRoad(false);
            await schedule.sleep(1_000);
          }
        },
      });

      expect(findings).toEqual([]);
      expect(counts['acknowledged']).toBeGreaterThan(40);
    });
  }

  test('the same seed plays the same', async () => {
    const first = await play('transfers', { seed: 5 });
    const second = await play('transfers', { seed: 5 });

    expect(second).toEqual(first);
  });
});

/** Something that must not be, and the invariant by which it is found. */
const tricks: { readonly [name: string]: Play & { readonly invariant: string } } = {
  register: {
    invariant: 'C1',
    behind: ({ client }) => client.setData('/register/0', 'forged'),
  },
  'compare-and-set': {
    invariant: 'C6',
    behind: ({ client }) => client.setData('/compare-and-set/0', '9999 forged'),
  },
  sequences: {
    invariant: 'Z10',
    async behind({ client }) {
      const { children } = await client.getChildren('/sequences/0');
      for (const child of children.sort().slice(-1)) await client.delete(`/sequences/0/${child}`);
    },
  },
  transfers: {
    invariant: 'C5',
    behind: ({ client }) => client.setData('/transfers/account-0', '1000'),
  },
  ephemerals: {
    invariant: 'C9',
    behind: ({ client }) => client.create('/ephemerals/group/forged'),
  },
  locks: {
    invariant: 'C13',
    behind: ({ client }) => client.create('/locks/0/forged-0000000000', 'nobody'),
  },
  mirrors: {
    invariant: 'C12',
    wrapCheck: (client) =>
      instead(client, {
        getData: async (path) => {
          const read = await client.getData(path);
          return path === '/mirrors/tree' ? { ...read, data: Buffer.from('forged') } : read;
        },
      }),
  },
  watches: {
    invariant: 'C12',
    wrap: (client) =>
      instead(client, {
        exists: (path, options) => {
          return client.exists(path, options?.watch ? { watch: () => {} } : {});
        },
      }),
  },
  churn: {
    invariant: 'C9',
    behind: ({ client }) => client.create('/churn/ephemerals/forged'),
  },
  pipelines: {
    invariant: 'Z10',
    behind: ({ client }) => client.setData('/pipelines/0', 'forged'),
  },
  'big-values': {
    invariant: 'C1',
    async behind({ client }) {
      const { data } = await client.getData('/big-values/0');
      data![data!.length - 1]! ^= 1;
      await client.setData('/big-values/0', data);
    },
  },
  rights: {
    invariant: 'C14',
    /** More than once: alice may put things right before anybody else has tried. */
    async during({ client, schedule }) {
      for (let times = 0; times < 20; times++) {
        await client.setAcl('/rights/private', openAcl);
        await schedule.sleep(100);
      }
    },
  },
  lifetimes: {
    invariant: 'C16',
    async during({ client }) {
      for (const name of (await client.getChildren('/lifetimes')).children) {
        await client.delete(`/lifetimes/${name}/child`).catch(() => {});
        await client.delete(`/lifetimes/${name}`).catch(() => {});
      }
    },
  },
  quotas: {
    invariant: 'C16',
    behind: ({ client }) => client.setData('/zookeeper/quota/quotas/zookeeper_stats', 'count=1'),
  },
  reconfigurations: {
    invariant: 'C1',
    wrapCheck: (client) =>
      instead(client, {
        getConfig: async () => {
          const { data, stat } = await client.getConfig();
          return { stat, data: Buffer.from(`${data}`.replace(/^server[^\n]*\n/, '')) };
        },
      }),
  },
  sleepers: {
    invariant: 'C9',
    behind: ({ client }) => client.create('/sleepers/forged'),
  },
};

describe('what is done behind its back is found', () => {
  test('for every workload there is a trick', () => {
    expect(Object.keys(tricks).sort()).toEqual([...names].sort());
  });

  for (const [name, { invariant, ...trick }] of Object.entries(tricks)) {
    test(`${name}: ${invariant}`, async () => {
      const { findings } = await play(name, trick);

      expect(findings.map((finding) => finding.invariant)).toContain(invariant);
    });
  }
});

describe('lifetimes knows which znodes may go', () => {
  const never = { containerCheckIntervalMs: 1e9 };
  const aContainer = /is a container that had a child, and stays$/;
  const aWrongOne = /is a container that had no child, and went$/;
  const aTtl = /ms without a change, its ttl is \d+$/;
  /** Its programs' clients make children so. */
  const makingChildren = (make: (create: () => Promise<string>) => Promise<string>): Play => ({
    wrap: (client) =>
      instead(client, {
        create: ((path, data, options) => {
          const create = () => client.create(path, data, options);
          return path.endsWith('/child') ? make(create) : create();
        }) as Client['create'],
      }),
  });
  const refused = makingChildren(() =>
    Promise.reject(new ZooKeeperError(ErrorCode.sessionExpired)),
  );
  const lost = makingChildren((create) =>
    create().then(() => Promise.reject(new ConnectionLossError())),
  );
  const textsOf = ({ findings }: Result) => findings.map(({ text }) => text);

  test('a container and a TTL znode that nobody removes are found', async () => {
    const texts = textsOf(await play('lifetimes', { settings: never }));

    expect(texts).toContainEqual(expect.stringMatching(aContainer));
    expect(texts).toContainEqual(expect.stringMatching(aTtl));
  });

  test('a container whose child was refused may stay', async () => {
    expect(textsOf(await play('lifetimes', refused))).toEqual([]);

    const texts = textsOf(await play('lifetimes', { ...refused, settings: never }));
    expect(texts).not.toContainEqual(expect.stringMatching(aContainer));
    expect(texts).toContainEqual(expect.stringMatching(aTtl));
  });

  test('a container whose child was made without an answer may not', async () => {
    expect(textsOf(await play('lifetimes', lost))).toEqual([]);

    const texts = textsOf(await play('lifetimes', { ...lost, settings: never }));
    expect(texts).toContainEqual(expect.stringMatching(aContainer));
  });

  test('a container that never had a child, and went, is found while all work', async () => {
    const settings = { containerNeverUsedIntervalMsMax: 1 };

    const texts = textsOf(await play('lifetimes', { ...refused, settings }));

    expect(texts).toContainEqual(expect.stringMatching(aWrongOne));
  });

  test('and is found when it goes afterwards', async () => {
    const behind: Play['behind'] = async ({ client }) => {
      for (const name of (await client.getChildren('/lifetimes')).children) {
        await client.delete(`/lifetimes/${name}`);
      }
    };

    const texts = textsOf(await play('lifetimes', { ...refused, behind }));

    expect(texts).toContainEqual(expect.stringMatching(aWrongOne));
  });
});
