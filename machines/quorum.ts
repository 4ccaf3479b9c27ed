/**
 * Who decides: quorums (majorities, or hierarchical with weights) and the order of votes. Plain
 * functions over plain data, shared by the machines of election and leadership (spec 6.3, 6.10).
 */

/**
 * One configuration: groups of voters with their weights. A set is a quorum if in more than half of
 * the groups that have weight, its weight is more than half of the group's. Simple majority is one
 * group of weights 1.
 */
export interface QuorumConfig {
  readonly groups: readonly { readonly [sid: string]: number }[];
}

/** All of these must agree: the old and the new configuration while a reconfig is under way. */
export type QuorumSystem = readonly QuorumConfig[];

/** Each sid has one vote. */
export function majorityOf(sids: readonly number[]): QuorumConfig {
  return { groups: [Object.fromEntries(sids.map((sid) => [sid, 1]))] };
}

function holds({ groups }: QuorumConfig, has: (sid: number) => boolean): boolean {
  let weighty = 0;
  let won = 0;
  for (const group of groups) {
    let total = 0;
    let found = 0;
    for (const sid in group) {
      const weight = group[sid]!;
      total += weight;
      if (has(Number(sid))) found += weight;
    }
    if (total === 0) continue;
    weighty++;
    if (found * 2 > total) won++;
  }
  return won * 2 > weighty;
}

export function isQuorum(system: QuorumSystem, has: (sid: number) => boolean): boolean {
  return system.length > 0 && system.every((config) => holds(config, has));
}

/** Written in another order the same one counts as another. */
export function isSameQuorum(one: QuorumSystem, other: QuorumSystem): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Every voter of any of the configurations, with weight or without. */
export function votersOf(system: QuorumSystem): number[] {
  const sids = new Set<number>();
  for (const { groups } of system) {
    for (const group of groups) for (const sid of Object.keys(group)) sids.add(Number(sid));
  }
  return [...sids].sort((a, b) => a - b);
}

/** May it be voted for? A replica without weight never leads. */
export function mayLead(system: QuorumSystem, sid: number): boolean {
  return system.some(({ groups }) => groups.some((group) => (group[sid] ?? 0) > 0));
}

/**
 * The highest zxid that a quorum has reached; `reached` gives each voter's, 0 for one that counts
 * for nothing.
 */
export function agreedZxid(system: QuorumSystem, reached: (sid: number) => number): number {
  let agreed = 0;
  for (const { groups } of system) {
    for (const group of groups) {
      for (const sid in group) {
        const zxid = reached(Number(sid));
        if (zxid > agreed && isQuorum(system, (other) => reached(other) >= zxid)) agreed = zxid;
      }
    }
  }
  return agreed;
}

/** Whom a replica wants to lead, and how recent that one's history is. */
export interface Vote {
  readonly leader: number;
  /** Last zxid in the candidate's log. */
  readonly zxid: number;
  /** The candidate's currentEpoch. */
  readonly epoch: number;
}

/** Positive if `a` is the better one: by epoch, then zxid, then sid. */
export function compareVotes(a: Vote, b: Vote): number {
  return a.epoch - b.epoch || a.zxid - b.zxid || a.leader - b.leader;
}

export function isSameVote(a: Vote, b: Vote): boolean {
  return compareVotes(a, b) === 0;
}
