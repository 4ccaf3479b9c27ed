/** A znode as the console is told of it, for tests of the console: plain, with what is given. */

import type { ZnodeStat, ZnodeView } from '../../protocol/inspection.ts';

type Given = Partial<Omit<ZnodeView, 'path' | 'stat'>> & Partial<ZnodeStat>;

export function znodeView(path: string, given: Given = {}): ZnodeView {
  const { data = 'b2xk', acl, kind = 'persistent', ttlMs = null, ...stat } = given;
  return {
    path,
    stat: {
      czxid: '0x100000001',
      mzxid: '0x100000002',
      pzxid: '0x100000001',
      ctimeMs: 1_700_000_000_000,
      mtimeMs: 1_700_000_001_000,
      version: 0,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: '0x0',
      dataLength: 3,
      numChildren: 0,
      ...stat,
    },
    data,
    acl: acl ?? [{ perms: 'cdrwa', scheme: 'world', id: 'anyone' }],
    kind,
    ttlMs,
    watches: 0,
    quota: null,
  };
}
