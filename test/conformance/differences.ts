/**
 * Where natskeeper answers otherwise than Apache ZooKeeper 3.8.0 on purpose: for each step the
 * reason and the exact answer expected instead. All that is not listed here must be the same. Most
 * are errors of 3.8.0 that Apache has repaired since; docs/DIVERGENCES.md tells users of them.
 */

import { ErrorCode } from '../../protocol/error-code.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Entry, Json } from './script.ts';

export interface Difference {
  readonly reason: string;
  /** Steps of the program that show it. */
  readonly steps: readonly string[];
  /** What we answer where Apache answered `theirs`. */
  readonly ours: (theirs: readonly Json[]) => Json[];
}

type Fields = { [name: string]: Json };

/** The same header with another code and no body. */
const fails =
  (err: number) =>
  (theirs: readonly Json[]): Json[] => {
    const { xid, zxid } = theirs[0] as Fields;
    return [{ xid: xid!, zxid: zxid!, err }];
  };

const dataChanged = (path: string): Json => ({ event: { type: 3, state: 3, path }, zxid: -1 });

export const differences: readonly Difference[] = [
  {
    reason: 'exists asks for READ (ZOOKEEPER-2590, repaired in 3.8.4 and 3.9.2)',
    steps: [0, 2, 4, 8, 16].map((perms) => `exists where others may ${perms}`),
    ours: fails(ErrorCode.noAuth),
  },
  {
    reason:
      'checkWatches looks at the watches of its own connection; 3.8.0 finds those of any other',
    steps: ['not for another client'],
    ours: fails(ErrorCode.noWatcher),
  },
  {
    reason: 'a standard and a persistent watch on one path coexist (ZOOKEEPER-4466, as 3.9)',
    steps: ['the persistent one is left'],
    ours: (theirs) => [dataChanged('/mix'), ...theirs],
  },
  {
    reason: 'checkWatches and removeWatches know persistent watches by type 4 and 5, as 3.9 does',
    steps: [4, 5].flatMap((type) => [`check type ${type}`, `remove type ${type}`]),
    ours: fails(ErrorCode.ok),
  },
  {
    reason: 'those watches are gone then',
    steps: [4, 5].map((type) => `clean up after type ${type}`),
    ours: fails(ErrorCode.noWatcher),
  },
  {
    reason: 'IPv6 addresses are understood in ACLs; 3.8.0 calls them invalid',
    steps: ['create with an IPv6 address'],
    ours: (theirs) => [{ ...(fails(ErrorCode.ok)(theirs)[0] as Fields), path: '/v6' }],
  },
  {
    reason: 'so the znode is there, and is not for a client with another address',
    steps: ['the ACL of that'],
    ours: fails(ErrorCode.noAuth),
  },
  {
    reason: 'a null path cannot be decoded: MarshallingError for setData as for all others',
    steps: ['setData, null path'],
    ours: fails(ErrorCode.marshallingError),
  },
  {
    reason: 'sync is a quorum round: it is a txn, and takes a zxid',
    steps: [
      ...['sync', 'sync of nothing', 'sync of a bad path', 'sync, null path'],
      'sync in a pipeline',
    ],
    // Their zxids, and all that come after them, are numbered anew below.
    ours: (theirs) => [...theirs],
  },
  {
    reason: 'create2 in a multi is answered as create2, with its Stat, as 3.9 does',
    steps: ['parent, child, set, check, delete', 'sequential and ephemeral'],
    ours: ([theirs]) => {
      const reply = theirs as Fields;
      const results = (reply['results'] as Fields[]).map((result) => withStat(result, reply));
      return [{ ...reply, results }];
    },
  },
];

/** The paths that the two multis above make by create2, and who owns them. */
const create2Owners: { readonly [path: string]: Json } = {
  '/m/p/c': 0,
  '/m/p/e': 'a',
  '/m/p/s-0000000006': 0,
};

function withStat(result: Fields, { zxid }: Fields): Fields {
  const path = (result['body'] as Fields | undefined)?.['path'];
  if (result['op'] !== Opcode.create || typeof path !== 'string') return result;
  const owner = create2Owners[path];
  if (owner === undefined) return result;
  const stat = {
    ...{ czxid: zxid!, mzxid: zxid!, ctime: 'time', mtime: 'time' },
    ...{ version: 0, cversion: 0, aversion: 0, ephemeralOwner: owner },
    ...{ dataLength: 1, numChildren: 0, pzxid: zxid! },
  };
  return { op: Opcode.create2, body: { path, stat } };
}

/** When a znode was made or changed; `zxid` is that of the txn, or else of the last one. */
const memories = new Set(['czxid', 'mzxid', 'pzxid']);

/**
 * Numbers zxids as we do, where each sync takes one and Apache's takes none: what comes after a
 * sync is one higher for each that was before it; what a znode remembers of before is as it was.
 */
class Numbering {
  /** Apache's last zxid at each sync so far. */
  readonly #syncs: number[] = [];

  #renumber(value: Json, isMemory: boolean): Json {
    const zxid = offset(value);
    if (zxid === null) return value;
    const before = isMemory ? this.#syncs.filter((at) => at < zxid) : this.#syncs;
    return `+${zxid + before.length}`;
  }

  #apply(value: Json, field: string): Json {
    if (field === 'zxid' || memories.has(field)) return this.#renumber(value, field !== 'zxid');
    if (Array.isArray(value)) return value.map((item) => this.#apply(item, ''));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, this.#apply(item, name)]),
    );
  }

  /** The same replies and events with our zxids; `ops` are what the replies answer, in order. */
  apply(got: readonly Json[], ops: readonly string[]): Json[] {
    let replies = 0;
    return got.map((arrival) => {
      const { zxid, event } = typeof arrival === 'object' ? (arrival as Fields) : {};
      const at = offset(zxid);
      if (event === undefined && ops[replies++] === 'sync' && at !== null) this.#syncs.push(at);
      return this.#apply(arrival, '');
    });
  }
}

/** zxids count from the start of the program, as `+63`; null for what is no zxid of its txns. */
function offset(value: Json | undefined): number | null {
  return typeof value === 'string' && /^\+\d+$/.test(value) ? Number(value) : null;
}

/** What natskeeper must answer, given Apache's transcript of one program. */
export function expectedOfUs(theirs: readonly Entry[]): Entry[] {
  const numbering = new Numbering();
  return theirs.map((entry) => {
    const difference = differences.find(({ steps }) => steps.includes(entry.step));
    const got = difference === undefined ? entry.got : difference.ours(entry.got);
    return { ...entry, got: numbering.apply(got, entry.op.split(' ')) };
  });
}
