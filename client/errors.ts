/**
 * The errors that an operation can end with: one class per error code, built from one table, so
 * that `error instanceof NoNodeError` and `error.code === ErrorCode.noNode` say the same.
 *
 * A code that has no class of its own becomes a plain ZooKeeperError; none is ever invented here
 * but `closed`, which the C client defines and no server sends.
 */

import { ErrorCode, errorName } from '../protocol/error-code.ts';

export class ZooKeeperError extends Error {
  /** The wire code (see ErrorCode), or a client-local one of the same table. */
  readonly code: number;
  /** The path that the operation was asked for, as the caller gave it; null when it has none. */
  readonly path: string | null;

  constructor(code: number, path: string | null = null, text?: string, options?: ErrorOptions) {
    const reason = text ?? errorName(code);
    super(path === null ? reason : `${reason}: ${path}`, options);
    this.name = new.target.name;
    this.code = code;
    this.path = path;
  }
}

type ErrorClass = new (
  path?: string | null,
  text?: string,
  options?: ErrorOptions,
) => ZooKeeperError;

const classes = new Map<number, ErrorClass>();

function errorClass(name: string, code: number, meaning: string): ErrorClass {
  const subclass = class extends ZooKeeperError {
    constructor(path: string | null = null, text?: string, options?: ErrorOptions) {
      super(code, path, text ?? meaning, options);
    }
  };
  Object.defineProperty(subclass, 'name', { value: name });
  classes.set(code, subclass);
  return subclass;
}

/** ZCLOSING of the C client: the caller closed the client. Never on the wire. */
export const closedCode = -116;

const E = ErrorCode;
export const SystemError = errorClass('SystemError', E.systemError, 'server failed');
export const RuntimeInconsistencyError = errorClass(
  'RuntimeInconsistencyError',
  E.runtimeInconsistency,
  'not done: an earlier operation of the multi failed',
);
/** The connection broke after the request was sent: it may have been done, or not. */
export const ConnectionLossError = errorClass(
  'ConnectionLossError',
  E.connectionLoss,
  'connection lost',
);
export const MarshallingError = errorClass('MarshallingError', E.marshallingError, 'undecodable');
export const UnimplementedError = errorClass('UnimplementedError', E.unimplemented, 'unsupported');
/** No reply in time. A request that was already sent may still be done. */
export const OperationTimeoutError = errorClass(
  'OperationTimeoutError',
  E.operationTimeout,
  'no reply in time',
);
export const BadArgumentsError = errorClass('BadArgumentsError', E.badArguments, 'bad argument');
export const NewConfigNoQuorumError = errorClass(
  'NewConfigNoQuorumError',
  E.newConfigNoQuorum,
  'no quorum of the new configuration is in sync',
);
export const ReconfigInProgressError = errorClass(
  'ReconfigInProgressError',
  E.reconfigInProgress,
  'another reconfiguration is in progress',
);
export const NoNodeError = errorClass('NoNodeError', E.noNode, 'no such znode');
export const NoAuthError = errorClass('NoAuthError', E.noAuth, 'not permitted');
export const BadVersionError = errorClass('BadVersionError', E.badVersion, 'version mismatch');
export const NoChildrenForEphemeralsError = errorClass(
  'NoChildrenForEphemeralsError',
  E.noChildrenForEphemerals,
  'an ephemeral znode has no children',
);
export const NodeExistsError = errorClass('NodeExistsError', E.nodeExists, 'znode exists');
export const NotEmptyError = errorClass('NotEmptyError', E.notEmpty, 'znode has children');
/** The session is gone, and its ephemeral znodes with it. */
export const SessionExpiredError = errorClass(
  'SessionExpiredError',
  E.sessionExpired,
  'session expired',
);
export const InvalidAclError = errorClass('InvalidAclError', E.invalidAcl, 'invalid ACL');
export const AuthFailedError = errorClass('AuthFailedError', E.authFailed, 'auth refused');
export const SessionMovedError = errorClass('SessionMovedError', E.sessionMoved, 'session moved');
export const NotReadOnlyError = errorClass(
  'NotReadOnlyError',
  E.notReadOnly,
  'the server is in read-only mode',
);
export const EphemeralOnLocalSessionError = errorClass(
  'EphemeralOnLocalSessionError',
  E.ephemeralOnLocalSession,
  'a local session has no ephemeral znodes',
);
export const NoWatcherError = errorClass('NoWatcherError', E.noWatcher, 'no such watch');
export const ReconfigDisabledError = errorClass(
  'ReconfigDisabledError',
  E.reconfigDisabled,
  'reconfiguration is disabled',
);
export const SaslAuthRequiredError = errorClass(
  'SaslAuthRequiredError',
  E.sessionClosedRequireSaslAuth,
  'the server requires authentication',
);
export const QuotaExceededError = errorClass('QuotaExceededError', E.quotaExceeded, 'over quota');
/**
 * Refused before it was sent (too many requests outstanding) or dropped by the server's throttle.
 */
export const ThrottledOpError = errorClass('ThrottledOpError', E.throttledOp, 'throttled');
/** The caller closed the client before the operation was done. */
export const ClosedError = errorClass('ClosedError', closedCode, 'client closed');

/** The error of `code` for the operation on `path`. */
export function errorOf(code: number, path: string | null = null): ZooKeeperError {
  const subclass = classes.get(code);
  return subclass === undefined ? new ZooKeeperError(code, path) : new subclass(path);
}
