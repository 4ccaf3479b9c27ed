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
  /** Txns that we make of each of these steps, and Apache does not. */
  readonly txns?: number;
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
    steps: ['sync', 'sync of nothing', 'sync of a bad path', 'sync, null path'],
    ours: (theirs) => [...theirs],
    txns: 1,
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

/** Fields that say what the last txn is at the moment, and those that say when something was. */
const nowFields = new Set(['zxid']);
const thenFields = new Set(['czxid', 'mzxid', 'pzxid']);

/**
 * Numbers zxids as we do, who make txns of some steps of which Apache makes none. What comes after
 * such a step is so many higher; what a znode remembers from before it is as it was.
 */
class Numbering {
  /** Apache's last zxid at each txn that only we make. */
  readonly #extra: number[] = [];

  /** A step of ours made `txns`; Apache answered it like this. */
  note(theirs: readonly Json[], txns: number): void {
    const zxid = theirs.map((reply) => offset((reply as Fields)['zxid'])).find((at) => at !== null);
    for (let left = txns; left > 0; left--) this.#extra.push(zxid!);
  }

  #renumber(value: Json, isNow: boolean): Json {
    const zxid = offset(value);
    if (zxid === null) return value;
    const before = isNow ? this.#extra : this.#extra.filter((at) => at < zxid);
    return `+${zxid + before.length}`;
  }

  /** The same, with our zxids. */
  apply(value: Json, field = ''): Json {
    if (nowFields.has(field) || thenFields.has(field)) {
      return this.#renumber(value, nowFields.has(field));
    }
    if (Array.isArray(value)) return value.map((item) => this.apply(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, this.apply(item, name)]),
    );
  }
}

/** zxids count from the start of the program: `+63`. Others are no zxid of its txns. */
function offset(value: Json | undefined): number | null {
  return typeof value === 'string' && value.startsWith('+') ? Number(value) : null;
}

/** What natskeeper must answer, given Apache's transcript of one program. */
export function expectedOfUs(theirs: readonly Entry[]): Entry[] {
  const numbering = new Numbering();
  return theirs.map((entry) => {
    const difference = differences.find(({ steps }) => steps.includes(entry.step));
    const ours = difference === undefined ? entry.got : difference.ours(entry.got);
    if (difference?.txns !== undefined) numbering.note(entry.got, difference.txns);
    return { ...entry, got: numbering.apply([...ours]) as Json[] };
  });
}
