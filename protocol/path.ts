/**
 * Znode paths: the rules of ZooKeeper's PathUtils (spec 2.2), parents, names, sequence suffixes.
 */

export const rootPath = '/';
export const zookeeperPath = '/zookeeper';
export const quotaPath = '/zookeeper/quota';
export const configPath = '/zookeeper/config';
export const limitsName = 'zookeeper_limits';
export const statsName = 'zookeeper_stats';

const slash = 0x2f;
const dot = 0x2e;

/** Why `path` is no valid znode path, or null when it is one. */
export function pathFault(path: string): string | null {
  const length = path.length;
  if (length === 0) return 'path is empty';
  if (path.charCodeAt(0) !== slash) return 'path must start with /';
  if (length === 1) return null;
  if (path.charCodeAt(length - 1) === slash) return 'path must not end with /';
  let start = 1;
  for (let at = 1; at < length; at++) {
    const unit = path.charCodeAt(at);
    if (unit === slash) {
      const fault = componentFault(path, start, at);
      if (fault !== null) return fault;
      start = at + 1;
    } else if (unit < 0x20 || unit >= 0x7f) {
      if (isForbiddenUnit(unit)) return `character 0x${unit.toString(16)} at ${at} is not allowed`;
    }
  }
  return componentFault(path, start, length);
}

function componentFault(path: string, start: number, end: number): string | null {
  const length = end - start;
  if (length === 0) return 'path has an empty component';
  if (length <= 2 && path.charCodeAt(start) === dot && path.charCodeAt(end - 1) === dot) {
    return 'path has a relative component';
  }
  return null;
}

function isForbiddenUnit(unit: number): boolean {
  return (
    unit < 0x20 ||
    (unit >= 0x7f && unit <= 0x9f) ||
    (unit >= 0xd800 && unit <= 0xf8ff) ||
    unit >= 0xfff0
  );
}

/** Is this one of the znodes that exist from the start and cannot be deleted? */
export function isSystemPath(path: string): boolean {
  return path === rootPath || path === zookeeperPath || path === quotaPath || path === configPath;
}

/** The parent of a path that contains a slash: `/` for `/a`. */
export function parentPath(path: string): string {
  const at = path.lastIndexOf('/');
  return at === 0 ? rootPath : path.slice(0, Math.max(at, 0));
}

/** The name that a sequential create appends: ten digits of the parent's counter. */
export function sequenceSuffix(counter: number): string {
  const wrapped = counter | 0;
  return wrapped < 0 ? `-${String(-wrapped).padStart(9, '0')}` : String(wrapped).padStart(10, '0');
}
