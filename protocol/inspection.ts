/**
 * What a replica lets be seen of itself, as JSON: records of what its machines do, its figures, and
 * answers about sessions, watches and znodes. Records are those of Stately's inspector with fields
 * of ours beside them (sid, epoch, zxid, time), so that its tools read them as well. Only shapes:
 * browsers import them too.
 */

/** Beside the fields of each record. */
export interface Stamp {
  /** ms since 1970, as decimal text. */
  readonly createdAt: string;
  readonly id: null;
  /** Of the format. */
  readonly _version: string;
  /** The replica that says so. */
  readonly sid: number;
  /** The epoch that it is in, and the last zxid that it has applied (`0x…`). */
  readonly epoch: number;
  readonly zxid: string;
  /** Monotonic ms of its process. */
  readonly mono: number;
  /** Counts the records of its process from 1 on; `origin` names the process. */
  readonly seq: number;
  readonly origin: number;
}

/** A state as XState has it: `serving`, or nested, `{ "ruling": "broadcasting" }`. */
export type StateValue = string | { readonly [region: string]: StateValue };

export interface ActorSnapshot {
  readonly status: 'active' | 'done';
  readonly value: StateValue;
  /** Long texts and lists are cut, bytes are told by their length only. */
  readonly context: unknown;
  readonly tags: readonly string[];
  readonly children: object;
  readonly historyValue: object;
}

/** An actor that is there, or was just made. */
export interface ActorRecord extends Stamp {
  readonly type: '@xstate.actor';
  /** `<sid>:<machine>`, with `.<instance>` where there are many: `2:learnerHandler.3`. */
  readonly sessionId: string;
  readonly rootId: string;
  readonly parentId?: string;
  /** As sessionId without the sid. */
  readonly name: string;
  readonly machine: string;
  /** The machine's configuration, JSON as text; empty where it was sent before. */
  readonly definition: string;
  readonly snapshot: ActorSnapshot;
}

/** A machine took an event: the state that it came to, and how. */
export interface StepRecord extends Stamp {
  readonly type: '@xstate.snapshot';
  readonly sessionId: string;
  readonly rootId: string;
  readonly machine: string;
  readonly event: { readonly type: string };
  readonly snapshot: ActorSnapshot;
  /** States with dots: `ruling.broadcasting`. */
  readonly from: string;
  readonly to: string;
  /** Transitions that were taken, by their ids in the drawings (`data-transition`). */
  readonly fired: readonly string[];
}

/** A frame of the protocol between replicas, as the receiver got it. */
export interface MessageRecord extends Stamp {
  readonly type: '@natskeeper.message';
  readonly from: number;
  readonly to: number;
  /** VOTE, CEPOCH, NEWEPOCH, ACKEPOCH, SYNC, NEWLEADER, ACKLD, UPTODATE, PROPOSAL, ACK, … */
  readonly name: string;
  readonly frameEpoch: number;
  /** Its number in the sender's stream. */
  readonly frameSeq: number;
  readonly bytes: number;
}

export interface StatusRecord extends Stamp {
  readonly type: '@natskeeper.status';
  readonly status: ReplicaStatus;
}

/** So many records were left out: there were more than a viewer is sent. */
export interface DroppedRecord extends Stamp {
  readonly type: '@natskeeper.dropped';
  /** A machine, `NAME of SID` for frames, or `viewer` (this connection could not keep up). */
  readonly of: string;
  readonly count: number;
}

export type InspectRecord = ActorRecord | StepRecord | MessageRecord | StatusRecord | DroppedRecord;

/** Since the last status, ms; null where nothing was counted. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface ReplicaStatus {
  readonly sid: number;
  /** `host:port` for clients; null when it has no port. */
  readonly clientAddress: string | null;
  readonly mode: 'standalone' | 'leader' | 'follower' | 'observer' | 'read-only' | 'looking';
  /** The peer machine's state. */
  readonly peerState: string;
  readonly phase:
    | 'election'
    | 'discovery'
    | 'synchronization'
    | 'broadcast'
    | 'standalone'
    | 'down';
  /** Whom it follows, or itself; 0 while there is nobody. */
  readonly leader: number;
  readonly epoch: number;
  /** `0x…` each. */
  readonly loggedZxid: string;
  readonly appliedZxid: string;
  readonly isVoter: boolean;
  /** `server.N=…` lines of the members. */
  readonly members: readonly string[];
  readonly connections: number;
  readonly sessions: number;
  readonly watches: number;
  readonly znodes: number;
  readonly dataBytes: number;
  readonly ephemerals: number;
  /** Requests read and not answered. */
  readonly outstanding: number;
  /** Counted since the process began. */
  readonly received: number;
  readonly sent: number;
  readonly committed: number;
  readonly latencyMs: Percentiles | null;
  readonly syncMs: Percentiles | null;
  readonly loopDelayMs: Percentiles | null;
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly uptimeMs: number;
  readonly wallMs: number;
  readonly version: string;
}

/** Which records a viewer wants. Status records always come, each half second. */
export interface InspectFilter {
  /** Machines by id; `message` for frames. Empty: only status. */
  readonly machines: readonly string[];
  /** Of these replicas; null: all. */
  readonly sids: readonly number[] | null;
  /** Only this actor among sessions, watches and connections (a sessionId); null: any. */
  readonly instance: string | null;
}

/** Lists come in pages: from `offset` on, at most `limit` (1,000) entries. */
export interface Paging {
  readonly offset: number;
  readonly limit: number;
}

/** `admin` sees all; `world` what anybody may read by the ACLs. */
export type Viewer = 'world' | 'admin';

/** What may be asked of a replica. */
export type Question =
  | { readonly what: 'status' }
  /** All actors of tier A, and what happened last (its ring, oldest first). */
  | { readonly what: 'actors' }
  | { readonly what: 'recent' }
  | ({ readonly what: 'sessions'; readonly text: string } & Paging)
  | { readonly what: 'session'; readonly id: string }
  | ({ readonly what: 'watches'; readonly by: 'path' | 'session'; readonly text: string } & Paging)
  | ({ readonly what: 'children'; readonly path: string; readonly viewer: Viewer } & Paging)
  | { readonly what: 'znode'; readonly path: string; readonly viewer: Viewer }
  | {
      readonly what: 'search';
      readonly root: string;
      readonly text: string;
      readonly isRegex: boolean;
      readonly in: 'path' | 'content';
      readonly limit: number;
      readonly viewer: Viewer;
    }
  /** A sub-tree with its data, parents first; refused above 16 MB or 100,000 znodes. */
  | { readonly what: 'export'; readonly root: string; readonly viewer: Viewer };

export interface SessionRow {
  /** `0x…`. */
  readonly id: string;
  /** Of its machine. */
  readonly state: string;
  readonly timeoutMs: number;
  /** Since its client was heard of, as far as this replica knows. */
  readonly idleMs: number;
  /** `address:port` of its connection to this replica; null when it is elsewhere or away. */
  readonly from: string | null;
  readonly connectionState: string | null;
  readonly isLocal: boolean;
  readonly ephemerals: number;
  readonly watches: number;
  readonly queued: number;
  readonly received: number;
  readonly sent: number;
}

export interface SessionPage {
  readonly total: number;
  readonly rows: readonly SessionRow[];
}

export interface SessionDetail extends SessionRow {
  /** The first 1,000 of each. */
  readonly ephemeralPaths: readonly string[];
  readonly watchList: readonly WatchEntry[];
}

export interface WatchEntry {
  readonly path: string;
  /** `data` or `child`: the table that it stands in. */
  readonly table: string;
  readonly state: string;
  readonly session: string | null;
  /** The actor's sessionId, to look at its chart. */
  readonly actor: string;
}

export interface WatchGroup {
  /** A path, or a session's id. */
  readonly key: string;
  readonly count: number;
  /** The first 100. */
  readonly entries: readonly WatchEntry[];
}

export interface WatchPage {
  readonly total: number;
  readonly groups: readonly WatchGroup[];
}

export interface ChildRow {
  readonly name: string;
  readonly children: number;
  readonly bytes: number;
  readonly isEphemeral: boolean;
}

export interface ChildPage {
  readonly path: string;
  /** Of all children; rows are sorted by name. */
  readonly total: number;
  readonly rows: readonly ChildRow[];
}

/** Zxids and session ids as `0x…`, times in ms since 1970. */
export interface ZnodeStat {
  readonly czxid: string;
  readonly mzxid: string;
  readonly pzxid: string;
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly ephemeralOwner: string;
  readonly dataLength: number;
  readonly numChildren: number;
}

export interface AclEntry {
  /** Of the letters `cdrwa`. */
  readonly perms: string;
  readonly scheme: string;
  readonly id: string;
}

export interface ZnodeView {
  readonly path: string;
  readonly stat: ZnodeStat;
  /** Base64; null when the viewer may not read it. */
  readonly data: string | null;
  /** Ids of `digest` are left out but for an admin. */
  readonly acl: readonly AclEntry[];
  readonly kind: 'persistent' | 'ephemeral' | 'container' | 'ttl';
  readonly ttlMs: number | null;
  readonly watches: number;
  readonly quota: {
    readonly count: number;
    readonly bytes: number;
    readonly usedCount: number;
    readonly usedBytes: number;
  } | null;
}

export interface SearchResult {
  readonly hits: readonly { readonly path: string; readonly excerpt: string | null }[];
  readonly visited: number;
  /** It stopped at the limit of hits, or of time. */
  readonly isCut: boolean;
}

export interface ExportedZnode {
  readonly path: string;
  readonly data: string;
  readonly acl: readonly AclEntry[];
  readonly kind: ZnodeView['kind'];
  readonly ttlMs: number | null;
}

/** What is answered, by the question. */
export interface Answers {
  readonly status: ReplicaStatus;
  readonly actors: readonly ActorRecord[];
  readonly recent: readonly InspectRecord[];
  readonly sessions: SessionPage;
  readonly session: SessionDetail | null;
  readonly watches: WatchPage;
  readonly children: ChildPage | null;
  readonly znode: ZnodeView | null;
  readonly search: SearchResult;
  readonly export: readonly ExportedZnode[];
}

export type AnswerTo<Asked extends Question> = Answers[Asked['what']];
