/**
 * Operation codes of the client protocol (ZooDefs.OpCode) and what the pipeline must know of each:
 * whether it changes the tree and so has to be agreed upon before it is answered.
 */

export const Opcode = {
  notification: 0,
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getAcl: 6,
  setAcl: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTtl: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  createSession: -10,
  closeSession: -11,
  error: -1,
  /**
   * Ours alone: fixes the ensemble's secret for session passwords. Never accepted from a client.
   */
  setSecret: -100,
  /** Ours alone: fixes the members that the first leader was started with. Never from a client. */
  setMembership: -101,
  /** Ours alone: a session goes on at another replica. Never accepted from a client. */
  moveSession: -102,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Reserved request ids (xid) of the protocol. */
export const Xid = { notification: -1, ping: -2, auth: -4, setWatches: -8 } as const;

/** How a request that a client sends is treated. */
export const RequestKind = { unknown: 0, read: 1, write: 2, immediate: 3, close: 4 } as const;
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind];

const kinds = new Map<number, RequestKind>();
for (const op of [
  Opcode.exists,
  Opcode.getData,
  Opcode.getAcl,
  Opcode.getChildren,
  Opcode.getChildren2,
  Opcode.ping,
  Opcode.checkWatches,
  Opcode.removeWatches,
  Opcode.multiRead,
  Opcode.setWatches,
  Opcode.setWatches2,
  Opcode.getEphemerals,
  Opcode.getAllChildrenNumber,
  Opcode.addWatch,
  Opcode.whoAmI,
]) {
  kinds.set(op, RequestKind.read);
}
for (const op of [
  Opcode.create,
  Opcode.delete,
  Opcode.setData,
  Opcode.setAcl,
  Opcode.sync,
  Opcode.multi,
  Opcode.create2,
  Opcode.reconfig,
  Opcode.createContainer,
  Opcode.createTtl,
]) {
  kinds.set(op, RequestKind.write);
}
kinds.set(Opcode.auth, RequestKind.immediate);
kinds.set(Opcode.sasl, RequestKind.immediate);
kinds.set(Opcode.closeSession, RequestKind.close);

/** Invariant: opcodes that clients may send lie below this bound, so that the table is flat. */
const kindTableSize = 128;
const kindTable = new Uint8Array(kindTableSize);
for (const [op, kind] of kinds) if (op >= 0) kindTable[op] = kind;

/** The kind of the operation `op` as a client may send it; `unknown` for all others. */
export function requestKind(op: number): RequestKind {
  if (op === Opcode.closeSession) return RequestKind.close;
  if (op < 0 || op >= kindTableSize) return RequestKind.unknown;
  return kindTable[op] as RequestKind;
}

/** The four-letter codes that `cons` prints as `lop=`. */
const shortNames = new Map<number, string>([
  [Opcode.create, 'CREA'],
  [Opcode.create2, 'CREA'],
  [Opcode.createContainer, 'CREA'],
  [Opcode.createTtl, 'CREA'],
  [Opcode.delete, 'DELE'],
  [Opcode.exists, 'EXIS'],
  [Opcode.getData, 'GETD'],
  [Opcode.setData, 'SETD'],
  [Opcode.getAcl, 'GETA'],
  [Opcode.setAcl, 'SETA'],
  [Opcode.getChildren, 'GETC'],
  [Opcode.getChildren2, 'GETC'],
  [Opcode.getAllChildrenNumber, 'GETACN'],
  [Opcode.getEphemerals, 'GETE'],
  [Opcode.sync, 'SYNC'],
  [Opcode.ping, 'PING'],
  [Opcode.check, 'CHEC'],
  [Opcode.multi, 'MULT'],
  [Opcode.multiRead, 'MLTR'],
  [Opcode.reconfig, 'RECO'],
  [Opcode.setWatches, 'SETW'],
  [Opcode.setWatches2, 'STW2'],
  [Opcode.addWatch, 'ADDW'],
  [Opcode.checkWatches, 'CHKW'],
  [Opcode.removeWatches, 'REMW'],
  [Opcode.whoAmI, 'HOMI'],
  [Opcode.createSession, 'SESS'],
  [Opcode.closeSession, 'CLOS'],
]);

/** What ZooKeeper's `cons` calls the operation; `NA` when it has no name for it. */
export function shortName(op: number): string {
  return shortNames.get(op) ?? 'NA';
}
